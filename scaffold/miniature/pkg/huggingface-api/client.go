// Package hfapi describes repositories of models on HuggingFace.
package hfapi

// ModelFile is one file of a repository.
type ModelFile struct {
	Path   string
	Size   int64
	SHA256 string
	URL    string
}

// ModelDetails is a repository.
type ModelDetails struct {
	ModelID     string
	Author      string
	Files       []ModelFile
	PipelineTag string
}
