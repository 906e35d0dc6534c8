package main

import (
	"time"

	"gopkg.in/yaml.v3"
)

// ModelConfig has a field of every kind.
type ModelConfig struct {
	Title   string          `yaml:"title,omitempty" json:"name"`
	Count   int             `yaml:"count"`
	Small   *uint8          `yaml:"small"`
	Share   float32         `yaml:"share"`
	Ready   *bool           `yaml:"ready"`
	Words   []string        `json:"others"`
	Weights []float64       `yaml:"weights"`
	Table   map[string]bool `yaml:"table"`
	Open    map[string]any  `yaml:"open"`
	Inner   *Inner          `yaml:"inner"`
	Parts   []Part          `yaml:"parts"`
	Level   level           `yaml:"level"`
	Choice  Choice          `yaml:"choice"`
	Wait    time.Duration   `yaml:"wait"`
	Raw     []byte          `yaml:"raw"`
	Hidden  string          `yaml:"-"`

	First, Second string
	Base          `yaml:",inline"`
	Named         `yaml:"named"`

	secret string
}

// Inner is of one field.
type Inner struct {
	Deep Part `yaml:"deep"`
}

// Part is of two.
type Part struct {
	Word string   `yaml:"word"`
	List []string `yaml:"list"`
}

type level int

// Base is a part of what embeds it.
type Base struct {
	Size int `yaml:"size"`
}

// Named is a key of what embeds it.
type Named struct {
	Model string `yaml:"model"`
}

// Choice is a word or a number.
type Choice struct {
	Chosen string
}

// UnmarshalYAML takes what there is.
func (c *Choice) UnmarshalYAML(node *yaml.Node) error {
	c.Chosen = node.Value
	return nil
}

// UnmarshalYAML does what yaml.v3 does.
func (m *ModelConfig) UnmarshalYAML(node *yaml.Node) error {
	type plain ModelConfig
	return node.Decode((*plain)(m))
}

// configure decodes a configuration as a model's is that is installed.
func configure(text []byte) error {
	var read map[string]any
	if err := yaml.Unmarshal(text, &read); err != nil {
		return err
	}
	text, err := yaml.Marshal(read)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, &ModelConfig{secret: "kept"})
}
