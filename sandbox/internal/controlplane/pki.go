package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The authority outlives every sandbox; what it signs is made anew at each start.
const (
	authorityLifetime   = 10 * 365 * 24 * time.Hour
	certificateLifetime = 365 * 24 * time.Hour
	// clockSkew is how far in the past certificates begin to hold.
	clockSkew = 5 * time.Minute
)

// pki is the certificate authority of a sandbox, the key of its service account
// tokens, and the certificates of this start.
type pki struct {
	dir   string
	ca    *keyPair
	admin *keyPair
	node  *keyPair
}

type keyPair struct {
	cert            *x509.Certificate
	key             *ecdsa.PrivateKey
	certPEM, keyPEM []byte
}

func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// loadPKI reads or makes the authority and the token key in dir, and signs new
// certificates for an API server on the port and for its clients.
func loadPKI(dir string, port int) (*pki, error) {
	p := &pki{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the certificates: %w", err)
	}
	var err error
	if p.ca, err = p.authority(); err != nil {
		return nil, fmt.Errorf("certificate authority in %s: %w", dir, err)
	}
	if err := p.tokenKey(); err != nil {
		return nil, fmt.Errorf("service account key in %s: %w", dir, err)
	}
	server, err := p.sign("kube-apiserver", "", x509.ExtKeyUsageServerAuth,
		[]string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		[]net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(ServiceIP)})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(p.write("apiserver.crt", server.certPEM), p.write("apiserver.key", server.keyPEM)); err != nil {
		return nil, err
	}
	if p.node, err = p.sign("kubelet", "", x509.ExtKeyUsageServerAuth, []string{"kubelet"}, nil); err != nil {
		return nil, err
	}
	if p.admin, err = p.sign("jetstream-sandbox-admin", "system:masters", x509.ExtKeyUsageClientAuth, nil, nil); err != nil {
		return nil, err
	}
	// Both components start before the bootstrap roles exist and would back off for
	// seconds if they depended on them.
	for _, name := range []string{"controller-manager", "scheduler"} {
		client, err := p.sign("system:kube-"+name, "system:masters", x509.ExtKeyUsageClientAuth, nil, nil)
		if err != nil {
			return nil, err
		}
		if err := writeKubeconfig(p.path(name+".kubeconfig"), port, p.ca, client); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// authority reads the authority, or makes it where there is none yet.
func (p *pki) authority() (*keyPair, error) {
	certPEM, err := os.ReadFile(p.path("ca.crt"))
	if errors.Is(err, os.ErrNotExist) {
		return p.newAuthority()
	}
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(p.path("ca.key"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("ca.key holds a %T, not an ECDSA key", pair.PrivateKey)
	}
	return &keyPair{cert: pair.Leaf, key: key, certPEM: certPEM, keyPEM: keyPEM}, nil
}

func (p *pki) newAuthority() (*keyPair, error) {
	pair, err := newKeyPair(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "jetstream-sandbox"},
		NotAfter:              time.Now().Add(authorityLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}, nil)
	if err != nil {
		return nil, err
	}
	// The key goes first: an authority is there once its certificate is.
	if err := p.write("ca.key", pair.keyPEM); err != nil {
		return nil, err
	}
	return pair, p.write("ca.crt", pair.certPEM)
}

// tokenKey makes the key that signs service account tokens unless it exists.
func (p *pki) tokenKey() error {
	if _, err := os.Stat(p.path("sa.key")); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return err
	}
	return p.write("sa.key", keyPEM)
}

func (p *pki) sign(name, organization string, usage x509.ExtKeyUsage, dnsNames []string, ips []net.IP) (*keyPair, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotAfter:    time.Now().Add(certificateLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{usage},
		DNSNames:    dnsNames,
		IPAddresses: ips,
	}
	if organization != "" {
		template.Subject.Organization = []string{organization}
	}
	pair, err := newKeyPair(template, p.ca)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %s: %w", name, err)
	}
	return pair, nil
}

// write replaces a file in one step, so that a start that is killed leaves either
// the old or the new content.
func (p *pki) write(name string, content []byte) error {
	temporary := p.path(name + ".new")
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, p.path(name))
}

// newKeyPair makes a key and a certificate for it, signed by the authority or, where
// that is nil, by itself.
func newKeyPair(template *x509.Certificate, authority *keyPair) (*keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-clockSkew)
	parent, signer := template, key
	if authority != nil {
		parent, signer = authority.cert, authority.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return &keyPair{
		cert: cert, key: key,
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  keyPEM,
	}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// KubeletCertificate is what the simulated kubelets serve TLS with.
func (c *ControlPlane) KubeletCertificate() (tls.Certificate, error) {
	cert, err := tls.X509KeyPair(c.pki.node.certPEM, c.pki.node.keyPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("loading the kubelets' certificate: %w", err)
	}
	return cert, nil
}
