package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// Without this file the components were not copied from node_modules before the build, and no page would be usable.
const stylesheet = "vendor/css/bootstrap-italia.min.css"

// assets are the embedded files under one path that changes with their content, so that a browser keeps them for ever.
// One hash for the whole tree keeps the relative addresses inside the style sheets valid.
type assets struct {
	base     string // "/static/<hash>/"
	files    map[string]asset
	complete bool
}

type asset struct {
	contentType string
	plain       []byte
	gzipped     []byte // nil where compression gains nothing
}

// mediaTypes are fixed here because the machine's own table differs from one installation to the next.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".png": "image/png", ".ico": "image/x-icon",
}

func loadAssets(static fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(static, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		b, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name + "\x00"))
		sum.Write(b)
		f := asset{contentType: mediaTypes[path.Ext(name)], plain: b}
		if f.contentType == "" {
			f.contentType = mime.TypeByExtension(path.Ext(name))
		}
		if f.gzipped, err = compress(b, path.Ext(name)); err != nil {
			return err
		}
		a.files[name] = f
		return nil
	})
	a.base = "/static/" + hex.EncodeToString(sum.Sum(nil))[:16] + "/"
	_, a.complete = a.files[stylesheet]
	return a, err
}

func compress(b []byte, ext string) ([]byte, error) {
	if ext == ".woff2" || ext == ".png" || len(b) < 1024 {
		return nil, nil
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// serve answers only under the current hash: an address of an older build must not be kept as if it were the new file.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[chi.URLParam(r, "*")]
	if !ok || "/static/"+chi.URLParam(r, "hash")+"/" != a.base {
		http.Error(w, "404", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.gzipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body) // a browser that went away is no fault of ours
	}
}

// complete answers every page with one plain sentence when the build lacks the components: an unstyled page would look broken
// and say nothing about why.
func (s *site) complete(next http.Handler) http.Handler {
	if s.assets.complete {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(incomplete))
	})
}

const incomplete = `<!DOCTYPE html>
<html lang="it"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Approdo: componenti grafici mancanti</title></head>
<body><main><h1>Componenti grafici mancanti</h1>
<p>Questo programma è stato compilato senza i componenti grafici. Eseguire <code>make build</code> e riavviarlo.</p>
<p lang="en">This program was built without its graphic components. Run <code>make build</code> and start it again.</p>
</main></body></html>
`
