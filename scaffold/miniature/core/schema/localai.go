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
