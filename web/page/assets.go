package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file that pages refer to.
type asset struct {
	body, zipped []byte
	kind, mark   string
}

// assets are all of them by name. A page refers to NAME?v=MARK, which never changes.
type assets map[string]asset

func loadAssets() assets {
	all := assets{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // embedded: it is there
	}
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		all[entry.Name()] = assetOf(entry.Name(), body)
	}
	css := all["page.css"]
	all["page.css"] = assetOf("page.css", bytes.ReplaceAll(css.body, []byte(`"marks.svg"`), []byte(`"`+all.link("marks.svg")+`"`))) // so that it never changes either
	return all
}

func assetOf(name string, body []byte) asset {
	sum := sha256.Sum256(body)
	return asset{body: body, zipped: zipped(body, gzip.BestCompression), kind: mime.TypeByExtension(path.Ext(name)), mark: hex.EncodeToString(sum[:8])}
}

func zipped(body []byte, level int) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, level)
	_, _ = w.Write(body) // into memory
	_ = w.Close()
	return out.Bytes()
}

// link is how a page refers to an asset.
func (a assets) link(name string) string { return "/assets/" + name + "?v=" + a[name].mark }

// serve answers an asset.
func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, found := a[r.PathValue("file")]
	if !found {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", `"`+file.mark+`"`)
	header.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == file.mark {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+file.mark+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		_, _ = w.Write(file.zipped)
		return
	}
	_, _ = w.Write(file.body)
}
