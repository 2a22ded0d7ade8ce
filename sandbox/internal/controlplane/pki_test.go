package controlplane

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestASecondStartKeepsTheAuthorityAndTheTokenKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pki")
	first, err := loadPKI(dir, 6443)
	if err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "sa.key"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadPKI(dir, 6443)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.ca.certPEM, second.ca.certPEM) {
		t.Error("the authority changed, and kubeconfigs of the first start have become useless")
	}
	if again, _ := os.ReadFile(filepath.Join(dir, "sa.key")); !bytes.Equal(token, again) {
		t.Error("the token key changed, and tokens of the first start have become useless")
	}
	roots := x509.NewCertPool()
	roots.AddCert(second.ca.cert)
	if _, err := first.admin.cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, CurrentTime: time.Now()}); err != nil {
		t.Errorf("the second start does not accept the first one's administrator: %v", err)
	}
}

func TestKeysAreReadableByTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pki")
	if _, err := loadPKI(dir, 6443); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		t.Fatal("no files were written")
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", e.Name(), info.Mode().Perm())
		}
	}
}

func TestADamagedAuthorityIsNamed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pki")
	if _, err := loadPKI(dir, 6443); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "ca.key"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := loadPKI(dir, 6443); err == nil {
		t.Error("an empty key was taken for an authority's")
	} else if !bytes.Contains([]byte(err.Error()), []byte(dir)) {
		t.Errorf("the error does not name the directory: %v", err)
	}
}
