package scenarios

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed worlds/*.txt
var embedded embed.FS

const worldsFolder, worldsEnding = "worlds/", ".txt"

// Names are the worlds that are built in, in alphabetical order.
func Names() []string {
	entries, err := embedded.ReadDir(strings.TrimSuffix(worldsFolder, "/"))
	if err != nil {
		return nil // the folder is part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), worldsEnding))
	}
	slices.Sort(names)
	return names
}

// Lookup gives the world of that name, a new one each time. It fails with an error that wraps [ErrUnknown] and
// names the nearest worlds there are.
func Lookup(name string) (*World, error) {
	text, err := textOfWorld(name)
	if err != nil {
		return nil, err
	}
	return Parse(name+worldsEnding, bytes.NewReader(text))
}

// About is the first line of prose of a world that is built in; empty when there is none of that name.
func About(name string) string {
	text, err := textOfWorld(name)
	if err != nil {
		return ""
	}
	first, _, _ := bufio.NewReader(bytes.NewReader(text)).ReadLine()
	return strings.TrimSpace(strings.TrimPrefix(string(first), "#"))
}

func textOfWorld(name string) ([]byte, error) {
	if !slices.Contains(Names(), name) { // also keeps the name from meaning another place
		return nil, fmt.Errorf("scenarios: found %s, expected %s%s: %w", show(name), anyOf(Names()), didYouMean(name, Names()), ErrUnknown)
	}
	return embedded.ReadFile(worldsFolder + name + worldsEnding)
}
