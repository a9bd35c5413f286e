package esdb

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// What a connection string may be wrong in. The texts never quote it: it may hold a password.
var (
	errMalformed   = errors.New("esdb: malformed connection string")
	errPlainSecret = errors.New("esdb: a user and password need TLS: take tls=false away, or the user")
	errPreference  = errors.New("esdb: nodePreference is leader and nothing else: what was acknowledged must be read at once")
)

// defaultDeadline bounds every call where the connection string does not.
const defaultDeadline = 10 * time.Second

// settings are those of the client's connection strings that mean something here, in lower case.
var settings = map[string]bool{
	"tls": true, "tlscafile": true, "tlsverifycert": true, "usercertfile": true, "userkeyfile": true, "nodepreference": true,
	"gossiptimeout": true, "keepaliveinterval": true, "keepalivetimeout": true, "defaultdeadline": true,
}

// address is a connection string taken apart.
type address struct {
	*esdb.Configuration
	prefix   string // of our streams on the server
	deadline time.Duration
}

// parse reads a connection string. The client's parser does most of it; it is not given the user, since it quotes what it cannot
// read, and it is given no setting it does not know, since it would only log it.
func parse(text string) (address, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	if name, discover, _ := strings.Cut(scheme, "+"); name == "kurrentdb" { // the server's name since 2025; its client is not ours
		scheme = strings.TrimSuffix("esdb+"+discover, "+")
	}
	hosts, query, _ := strings.Cut(rest, "?")
	user := ""
	if i := strings.LastIndexByte(hosts, '@'); i >= 0 {
		user, hosts = hosts[:i], hosts[i+1:]
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return address{}, errMalformed
	}
	a := address{prefix: values.Get("streamPrefix"), deadline: defaultDeadline}
	values.Del("streamPrefix")
	for key := range values {
		if !settings[strings.ToLower(key)] {
			return address{}, fmt.Errorf("%w: no setting is called %q", errMalformed, key)
		}
	}
	if a.Configuration, err = esdb.ParseConnectionString(scheme + "://" + hosts + "?" + values.Encode()); err != nil {
		return address{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if err := a.Validate(); err != nil {
		return address{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if err := a.signIn(user); err != nil {
		return address{}, err
	}
	switch {
	case a.NodePreference != esdb.NodePreferenceLeader:
		return address{}, errPreference
	case strings.HasPrefix(a.prefix, "$"):
		return address{}, fmt.Errorf("%w: streamPrefix begins with $, as the server's own streams do", errMalformed)
	case a.DefaultDeadline != nil && *a.DefaultDeadline <= 0:
		return address{}, fmt.Errorf("%w: defaultDeadline is not a number of milliseconds", errMalformed)
	case a.DefaultDeadline != nil:
		a.deadline = *a.DefaultDeadline
	}
	return a, nil
}

// signIn takes user and password. Without TLS the client would leave them out and say nothing.
func (a *address) signIn(user string) error {
	if user == "" {
		return nil
	}
	name, password, _ := strings.Cut(user, ":")
	var err1, err2 error
	a.Username, err1 = url.PathUnescape(name)
	a.Password, err2 = url.PathUnescape(password)
	switch {
	case err1 != nil, err2 != nil, a.Username == "":
		return errMalformed
	case a.DisableTLS:
		return errPlainSecret
	}
	return nil
}

// seeds are the nodes to ask who leads; none where the address is that of a node alone.
func (a *address) seeds() []string {
	var out []string
	for _, s := range a.GossipSeeds {
		out = append(out, s.String())
	}
	if len(out) == 0 && a.DnsDiscover {
		out = append(out, a.Address)
	}
	return out
}
