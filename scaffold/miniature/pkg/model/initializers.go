// Package model starts backends and loads models into them.
package model

const (
	LLamaCPP         = "llama-cpp"
	NestStoreBackend = "nest-store"
)

// Aliases are other names of backends that model configurations may use.
var Aliases = map[string]string{
	"llama":          LLamaCPP,
	"embedded-store": NestStoreBackend,
}
