package names

import (
	"slices"
	"testing"
)

// Otherwise two sisters would pass for one: a full name that stands in another's line makes the two the same.
func TestNoNameIsAVariantOfAnother(t *testing.T) {
	t.Parallel()
	meant := []string{"oksana"} // the Ukrainian form of Xenia, and a name of its own
	for i, head := range heads {
		if in := lines[head]; !slices.Equal(in, []int{i}) && !slices.Contains(meant, head) {
			for _, j := range in {
				t.Errorf("%s stands in the line of %s", head, heads[j])
			}
		}
	}
}

func TestPatronymicsAreDropped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Oksana Ivanivna":         "Oksana",
		"Олег Петрович":           "Олег",
		"Олена Сергіївна":         "Олена",
		"Елена Сергеевна":         "Елена",
		"Taras Illich":            "Taras",
		"Taras Kuzmych":           "Taras",
		"Zirka Illinichna":        "Zirka",
		"Maria Pia":               "Maria Pia",
		"Ivanna":                  "Ivanna",
		"Ivanna Maria":            "Ivanna Maria",
		"Maria Ivanna":            "Maria Ivanna",
		"Bohdan Mykola Stepanych": "Bohdan Mykola",
		"":                        "",
	} {
		if got := withoutPatronymic(in); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}
