package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var pictureOf = regexp.MustCompile(`!\[([^\]]*)\]\(([^)\s]+)\)`)

// Every picture a document shows is there and is told in words, and none lies about that no document shows.
func TestDocumentsAndTheirPictures(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	shown := map[string]bool{}
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	for _, name := range documents {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pictureOf.FindAllStringSubmatch(string(b), -1) {
			if strings.Contains(m[2], "://") {
				continue
			}
			picture := filepath.Join(filepath.Dir(name), m[2])
			shown[picture] = true
			if _, err := os.Stat(picture); err != nil || len(strings.Fields(m[1])) < 3 {
				t.Errorf("%s: %s, told as %q: %v", filepath.Base(name), m[2], m[1], err)
			}
		}
	}
	var all int64
	err := filepath.WalkDir(filepath.Join(root, "docs", "img"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		about, err := d.Info()
		if err != nil {
			return err
		}
		if all += about.Size(); !shown[path] || about.Size() > 120_000 {
			t.Errorf("%s has %d bytes, shown: %t", d.Name(), about.Size(), shown[path])
		}
		return nil
	})
	if err != nil || all == 0 || all > 1_500_000 {
		t.Errorf("%d bytes of pictures: %v", all, err)
	}
}
