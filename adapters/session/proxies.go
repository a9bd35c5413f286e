package session

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddress is the address a request comes from. Remote is the peer of the connection, with or without a port; forwarded are the
// X-Forwarded-For headers in the order they came. They are believed only from peers in trusted, and only as far as the chain of
// trusted proxies reaches: it is the right-most address that is not in trusted, since what stands left of it anybody can write.
// An entry that is no address ends the chain at the proxy that passed it on; so does the end of the list. Text that is no address
// comes back as it is.
func ClientAddress(remote string, forwarded []string, trusted []netip.Prefix) string {
	client, ok := parseAddress(remote)
	if !ok {
		return remote
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(client) }) {
			break
		}
		before, ok := parseAddress(strings.TrimSpace(hop))
		if !ok {
			break
		}
		client = before
	}
	return client.String()
}

// BehindProxies gives every request the address of its client as RemoteAddr, without a port, for the limits, the tries to sign in and
// the logs behind it. Without trusted proxies it changes nothing: then the headers are anybody's.
func BehindProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		same := *r // a handler may not change the request it was given
		same.RemoteAddr = ClientAddress(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), trusted)
		next.ServeHTTP(w, &same)
	})
}

// parseAddress takes an address with or without a port. One of IPv4 written as IPv6 is that of IPv4, and the zone, which means
// something on this machine alone, is dropped.
func parseAddress(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if ap, errPort := netip.ParseAddrPort(text); errPort == nil {
		a, err = ap.Addr(), nil
	}
	return a.Unmap().WithZone(""), err == nil
}
