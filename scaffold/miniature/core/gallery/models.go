// Package gallery has the types of the model gallery.
package gallery

// ModelConfig is a model that can be installed.
type ModelConfig struct {
	Description string `yaml:"description"`
	Name        string `yaml:"name"`
	ConfigFile  string `yaml:"config_file"`
	Files       []File `yaml:"files"`
}

// File is downloaded when the model is installed.
type File struct {
	Filename string `yaml:"filename" json:"filename"`
	SHA256   string `yaml:"sha256" json:"sha256"`
	URI      string `yaml:"uri" json:"uri"`
}
