package session_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"approdo/adapters/session"
)

var (
	officeProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8:9::/48")}
	allIPv4       = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
)

func TestTheClientIsTheRightmostAddressThatIsNoProxy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		remote    string
		forwarded []string
		trusted   []netip.Prefix
		want      string
	}{
		"nobody is trusted":                {"10.0.0.1:4711", []string{"192.0.2.1"}, nil, "10.0.0.1"},
		"the peer is not trusted":          {"198.51.100.1:4711", []string{"192.0.2.1"}, officeProxies, "198.51.100.1"},
		"a proxy says nothing":             {"10.0.0.1:4711", nil, officeProxies, "10.0.0.1"},
		"a proxy says an empty line":       {"10.0.0.1:4711", []string{""}, officeProxies, "10.0.0.1"},
		"one proxy":                        {"10.0.0.1:4711", []string{"192.0.2.1"}, officeProxies, "192.0.2.1"},
		"two proxies":                      {"10.0.0.1:4711", []string{"192.0.2.1, 10.0.0.2"}, officeProxies, "192.0.2.1"},
		"two headers are one list":         {"10.0.0.1:4711", []string{"192.0.2.1", "10.0.0.2"}, officeProxies, "192.0.2.1"},
		"what the client wrote is ignored": {"10.0.0.1:4711", []string{"203.0.113.9, 10.0.0.3, 192.0.2.1"}, officeProxies, "192.0.2.1"},
		"and in a header of its own":       {"10.0.0.1:4711", []string{"203.0.113.9", "192.0.2.1,10.0.0.2"}, officeProxies, "192.0.2.1"},
		"a client inside":                  {"10.0.0.1:4711", []string{"10.0.0.7"}, officeProxies, "10.0.0.7"},
		"everybody is trusted":             {"10.0.0.1:4711", []string{"192.0.2.1, 192.0.2.2"}, allIPv4, "192.0.2.1"},
		"no address ends the chain":        {"10.0.0.1:4711", []string{"192.0.2.1, unknown, 10.0.0.2"}, officeProxies, "10.0.0.2"},
		"no address at all":                {"10.0.0.1:4711", []string{"_hidden"}, officeProxies, "10.0.0.1"},
		"a gap":                            {"10.0.0.1:4711", []string{"192.0.2.1,,10.0.0.2"}, officeProxies, "10.0.0.2"},
		"with ports":                       {"10.0.0.1:4711", []string{"192.0.2.1:80, 10.0.0.2:8080"}, officeProxies, "192.0.2.1"},
		"IPv6":                             {"[2001:db8:9::1]:4711", []string{"2001:db8:1::7"}, officeProxies, "2001:db8:1::7"},
		"IPv6 with a port":                 {"[2001:db8:9::1]:4711", []string{"[2001:db8:1::7]:80, [2001:db8:9::2]"}, officeProxies, "2001:db8:1::7"},
		"IPv4 as IPv6":                     {"[::ffff:10.0.0.1]:4711", []string{"::ffff:192.0.2.1"}, officeProxies, "192.0.2.1"},
		"a zone":                           {"[fe80::1%eth0]:4711", nil, officeProxies, "fe80::1"},
		"a peer without a port":            {"10.0.0.1", []string{"192.0.2.1"}, officeProxies, "192.0.2.1"},
		"a peer that is no address":        {"@", []string{"192.0.2.1"}, allIPv4, "@"},
	} {
		if got := session.ClientAddress(tc.remote, tc.forwarded, tc.trusted); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// FuzzClientAddress: whoever is not trusted chooses nothing, and whatever is written before the last hop changes nothing.
func FuzzClientAddress(f *testing.F) {
	f.Add("198.51.100.1:1", "192.0.2.1, 10.0.0.1")
	f.Add("10.0.0.1:1", "a,b,,::1,%")
	f.Fuzz(func(t *testing.T, remote, written string) {
		if strings.HasPrefix(remote, "10.0.0.") {
			remote = "198.51.100.1:1"
		}
		alone := session.ClientAddress(remote, nil, officeProxies)
		if p, err := netip.ParseAddr(alone); err != nil || !officeProxies[1].Contains(p) && !officeProxies[0].Contains(p) {
			if got := session.ClientAddress(remote, []string{written}, officeProxies); got != alone {
				t.Errorf("%q made %q of itself, being %q", written, got, alone)
			}
		}
		if got := session.ClientAddress("10.0.0.1:1", []string{written, "192.0.2.1"}, officeProxies); got != "192.0.2.1" {
			t.Errorf("%q made %q of 192.0.2.1", written, got)
		}
	})
}

func TestWhatStandsBehindAProxySeesTheClient(t *testing.T) {
	t.Parallel()
	var seen []string
	inner := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, r.RemoteAddr) })
	ask := func(trusted []netip.Prefix) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:4711"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		session.BehindProxies(trusted, inner).ServeHTTP(httptest.NewRecorder(), r)
		return r
	}
	ask(nil)
	if r := ask(officeProxies); r.RemoteAddr != "10.0.0.1:4711" {
		t.Errorf("the request of the server was changed to %s", r.RemoteAddr)
	}
	if len(seen) != 2 || seen[0] != "10.0.0.1:4711" || seen[1] != "192.0.2.1" {
		t.Errorf("seen %v", seen)
	}
}

// Without it everybody behind one proxy would share the tries of one address, and one who guesses would lock all of them out.
func TestTriesAreCountedByClientBehindAProxy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.person(t, annasLogin)
	enter := func(client, login, password string) error {
		var err error
		handler := session.BehindProxies(officeProxies, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err = h.Enter(w, r, login, password)
		}))
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = "10.0.0.1:4711"
		r.Header.Add("X-Forwarded-For", client)
		handler.ServeHTTP(httptest.NewRecorder(), r)
		return err
	}
	for i := range 30 {
		refused(t, enter("203.0.113.5, 192.0.2.1", strings.Repeat("x", i+1), wrongWord), session.ErrSignIn)
		h.pass(time.Millisecond)
	}
	refused(t, enter("203.0.113.77, 192.0.2.1", "yet another", wrongWord), session.ErrTooManyTries)
	ok(t, enter("192.0.2.2", annasLogin, goodWord))
}
