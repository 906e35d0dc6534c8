// Judge says of each gallery on its standard input, a JSON string of base64 on a line of its own,
// whether a program like LocalAI can load it: a JSON string with the error, empty where there is none.
// With the argument "models" it is asked about lists of models, with "configuration" about that of one.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"gopkg.in/yaml.v3"
)

type signer struct {
	Issuer  string `yaml:"issuer"`
	Pattern string `yaml:"issuer_regex"`
	Who     string `yaml:"identity"`
	Whom    string `yaml:"identity_regex"`
	Since   string `yaml:"not_before"`
}

type origin struct {
	Address string   `yaml:"url"`
	Others  []string `yaml:"mirrors"`
	Title   string   `yaml:"name"`
	Signer  *signer  `yaml:"verification"`
}

type download struct {
	Path string `yaml:"filename"`
	Sum  string `yaml:"sha256"`
	From string `yaml:"uri"`
}

type words struct {
	Address string     `yaml:"url"`
	Title   string     `yaml:"name"`
	Text    string     `yaml:"description"`
	Terms   string     `yaml:"license"`
	Pages   []string   `yaml:"urls"`
	Picture string     `yaml:"icon"`
	Labels  []string   `yaml:"tags"`
	Files   []download `yaml:"files"`
	Weight  string     `yaml:"size"`
	Origin  origin     `yaml:"gallery"`
	Present bool       `yaml:"installed"`
	Engine  string     `yaml:"backend"`
}

type entry struct {
	words    `yaml:",inline"`
	Other    string            `yaml:"alias"`
	Image    string            `yaml:"uri"`
	Release  string            `yaml:"version"`
	Copies   []string          `yaml:"mirrors"`
	Hardware map[string]string `yaml:"capabilities"`
	Sum      string            `yaml:"sha256"`
}

type build struct {
	Of string `yaml:"model"`
}

type model struct {
	words   `yaml:",inline"`
	Setup   map[string]any `yaml:"config_file"`
	Instead map[string]any `yaml:"overrides"`
	Builds  []build        `yaml:"variants"`
}

func load[T any](text []byte, present func(*T)) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	var entries []*T
	if err := yaml.Unmarshal(text, &entries); err != nil {
		return err
	}
	parts := yaml.NewDecoder(bytes.NewReader(text))
	for number := 0; ; number++ {
		var part yaml.Node
		if err := parts.Decode(&part); err == io.EOF {
			break
		} else if err != nil || number > 0 {
			return fmt.Errorf("what follows is not read (%w)", err)
		}
	}
	for _, one := range entries {
		present(one) // of no entry: a panic
	}
	if len(entries) == 0 {
		return errors.New("nothing is offered")
	}
	return nil
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var text []byte
		if err := json.Unmarshal(line, &text); err != nil {
			panic(err)
		}
		answer := ""
		switch {
		case len(os.Args) > 1 && os.Args[1] == "configuration":
			err = configure(text)
		case len(os.Args) > 1:
			err = load(text, func(one *model) { one.Present = true })
		default:
			err = load(text, func(one *entry) { one.Present = true })
		}
		if err != nil {
			answer = err.Error()
		}
		if err := answers.Encode(answer); err != nil {
			panic(err)
		}
	}
}
