// Package schema has the types of LocalAI's HTTP API.
package schema

// KnownBackend is one entry of GET /backends/known, which fills the import form.
type KnownBackend struct {
	Name        string `json:"name"`
	Modality    string `json:"modality"`
	AutoDetect  bool   `json:"auto_detect"`
	Description string `json:"description,omitempty"`
	Installed   bool   `json:"installed"`
}

// BasicModelRequest names the model of a request.
type BasicModelRequest struct {
	Model string `json:"model,omitempty" yaml:"model,omitempty"`
}

// PredictionOptions are the parameters of an inference.
type PredictionOptions struct {
	BasicModelRequest `yaml:",inline"`
}
