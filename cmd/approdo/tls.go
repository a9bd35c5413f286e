package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
)

// certificate is how the service is reached over TLS without a proxy before it.
type certificate struct {
	TLSCert string `name:"tls-cert" help:"Certificato, con la catena, in PEM: senza, davanti sta un proxy che fa TLS." type:"existingfile"`
	TLSKey  string `name:"tls-key" help:"Chiave privata del certificato, in PEM; non la devono poter leggere altri." type:"existingfile"`
}

var errKeyExposed = errors.New("--tls-key: altri possono leggere il file, o il gruppo scriverlo: chmod 640")

// check names what is wrong with the flags.
func (c certificate) check(plain bool) error {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert: si dà insieme a --tls-key")
	case c.TLSCert != "" && plain:
		return errors.New("--plain: non insieme a --tls-cert")
	}
	return nil
}

// config reads the files: TLS 1.3, and of 1.2 only suites with forward secrecy and authenticated encryption. It is nil without a
// certificate.
func (c certificate) config() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	info, err := os.Stat(c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-key: %w", err)
	}
	if info.Mode().Perm()&0o027 != 0 {
		return nil, errKeyExposed
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		},
	}, nil
}
