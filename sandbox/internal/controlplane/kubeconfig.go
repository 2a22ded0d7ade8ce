package controlplane

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// contextName is the name of the cluster, the user and the context.
const contextName = "jetstream-sandbox"

// WriteKubeconfig writes a kubeconfig of the administrator, readable by its owner
// alone. It holds all it needs and may be copied.
func (c *ControlPlane) WriteKubeconfig(path string) error {
	return writeKubeconfig(path, c.port, c.pki.ca, c.pki.admin)
}

func writeKubeconfig(path string, port int, ca, user *keyPair) error {
	config := clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{contextName: {
			Server:                   serverURL(port),
			CertificateAuthorityData: ca.certPEM,
		}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{contextName: {
			ClientCertificateData: user.certPEM,
			ClientKeyData:         user.keyPEM,
		}},
		Contexts:       map[string]*clientcmdapi.Context{contextName: {Cluster: contextName, AuthInfo: contextName}},
		CurrentContext: contextName,
	}
	if err := clientcmd.WriteToFile(config, path); err != nil {
		return fmt.Errorf("writing kubeconfig %s: %w", path, err)
	}
	return nil
}
