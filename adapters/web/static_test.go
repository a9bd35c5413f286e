package web

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// built gives the assets of this build, which lacks the components where make assets has not run.
func built(t *testing.T) *assets {
	t.Helper()
	static, err := fs.Sub(embedded, "static")
	if err != nil {
		t.Fatal(err)
	}
	a, err := loadAssets(static)
	if err != nil {
		t.Fatal(err)
	}
	if !a.complete {
		if os.Getenv("CI") == "true" {
			t.Fatal("the graphic components are missing: make assets")
		}
		t.Skip("the graphic components are missing: make assets wakes this test")
	}
	return a
}

var inStyles = regexp.MustCompile(`url\(["']?([^"')]+)["']?\)`)

func TestWhatTheStyleSheetsNeedIsInTheBuild(t *testing.T) {
	t.Parallel()
	a := built(t)
	needed := 0
	for name, f := range a.files {
		if path.Ext(name) != ".css" {
			continue
		}
		for _, m := range inStyles.FindAllStringSubmatch(string(f.plain), -1) {
			if strings.HasPrefix(m[1], "data:") || strings.HasPrefix(m[1], "#") {
				continue
			}
			needed++
			if _, ok := a.files[path.Join(path.Dir(name), m[1])]; !ok {
				t.Errorf("%s needs %s", name, m[1])
			}
		}
	}
	if needed == 0 {
		t.Error("the style sheets need nothing: are they the right ones?")
	}
	if _, ok := a.files["vendor/LICENSES.txt"]; !ok {
		t.Error("the components come without their licences")
	}
}

var inTemplates = regexp.MustCompile(`(?:icon|asset) "([^"]+)"`)

func TestIconsAndFilesOfTheTemplatesAreInTheBuild(t *testing.T) {
	t.Parallel()
	a := built(t)
	sprites := string(a.files["vendor/svg/sprites.svg"].plain)
	err := fs.WalkDir(templateFiles, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := templateFiles.ReadFile(name)
		for _, m := range inTemplates.FindAllStringSubmatch(string(b), -1) {
			_, file := a.files[m[1]]
			if !file && !strings.Contains(sprites, `id="`+m[1]+`"`) {
				t.Errorf("%s: no %s", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
