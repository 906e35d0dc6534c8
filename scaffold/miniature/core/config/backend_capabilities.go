package config

import "strings"

// Names of usecases, as model configurations and the gallery spell them.
const (
	UsecaseChat       = "chat"
	UsecaseCompletion = "completion"
	UsecaseEdit       = "edit"
	UsecaseVision     = "vision"
	UsecaseEmbeddings = "embeddings"
	UsecaseTokenize   = "tokenize"
	UsecaseImage      = "image"
	UsecaseVideo      = "video"
	UsecaseTranscript = "transcript"
	UsecaseTTS        = "tts"
	UsecaseRerank     = "rerank"
	UsecaseDetection  = "detection"
	UsecaseVAD        = "vad"
)

// GRPCMethod is an RPC of the Backend service in backend.proto.
type GRPCMethod string

const (
	MethodPredict            GRPCMethod = "Predict"
	MethodPredictStream      GRPCMethod = "PredictStream"
	MethodEmbedding          GRPCMethod = "Embedding"
	MethodGenerateImage      GRPCMethod = "GenerateImage"
	MethodGenerateVideo      GRPCMethod = "GenerateVideo"
	MethodAudioTranscription GRPCMethod = "AudioTranscription"
	MethodTTS                GRPCMethod = "TTS"
	MethodTTSStream          GRPCMethod = "TTSStream"
	MethodTokenizeString     GRPCMethod = "TokenizeString"
	MethodDetect             GRPCMethod = "Detect"
	MethodRerank             GRPCMethod = "Rerank"
	MethodVAD                GRPCMethod = "VAD"
)

// UsecaseInfo says which RPC serves a usecase.
type UsecaseInfo struct {
	Flag       ModelConfigUsecase
	GRPCMethod GRPCMethod
	// IsModifier: not an RPC of its own, changes how the RPC of DependsOn is used.
	IsModifier  bool
	DependsOn   string
	Description string
}

// UsecaseInfoMap has every usecase.
var UsecaseInfoMap = map[string]UsecaseInfo{
	UsecaseChat: {
		Flag:        FLAG_CHAT,
		GRPCMethod:  MethodPredict,
		Description: "Conversation with a chat template.",
	},
	UsecaseCompletion: {
		Flag:        FLAG_COMPLETION,
		GRPCMethod:  MethodPredict,
		Description: "Text completion.",
	},
	UsecaseEdit: {
		Flag:        FLAG_EDIT,
		GRPCMethod:  MethodPredict,
		Description: "Text editing by instruction.",
	},
	UsecaseVision: {
		Flag:        FLAG_VISION,
		GRPCMethod:  MethodPredict,
		IsModifier:  true,
		DependsOn:   UsecaseChat,
		Description: "Images next to the text of a conversation.",
	},
	UsecaseEmbeddings: {
		Flag:        FLAG_EMBEDDINGS,
		GRPCMethod:  MethodEmbedding,
		Description: "Vectors that stand for texts.",
	},
	UsecaseTokenize: {
		Flag:        FLAG_TOKENIZE,
		GRPCMethod:  MethodTokenizeString,
		Description: "Tokens of a text, without inference.",
	},
	UsecaseImage: {
		Flag:        FLAG_IMAGE,
		GRPCMethod:  MethodGenerateImage,
		Description: "Image generation.",
	},
	UsecaseVideo: {
		Flag:        FLAG_VIDEO,
		GRPCMethod:  MethodGenerateVideo,
		Description: "Video generation.",
	},
	UsecaseTranscript: {
		Flag:        FLAG_TRANSCRIPT,
		GRPCMethod:  MethodAudioTranscription,
		Description: "Speech to text.",
	},
	UsecaseTTS: {
		Flag:        FLAG_TTS,
		GRPCMethod:  MethodTTS,
		Description: "Text to speech.",
	},
	UsecaseRerank: {
		Flag:        FLAG_RERANK,
		GRPCMethod:  MethodRerank,
		Description: "Documents in the order in which they answer a query.",
	},
	UsecaseDetection: {
		Flag:        FLAG_DETECTION,
		GRPCMethod:  MethodDetect,
		Description: "Objects in an image, with boxes.",
	},
	UsecaseVAD: {
		Flag:        FLAG_VAD,
		GRPCMethod:  MethodVAD,
		Description: "Where in a recording someone speaks.",
	},
}

// BackendCapability says what a backend can do.
type BackendCapability struct {
	// GRPCMethods are the RPCs that the backend implements.
	GRPCMethods []GRPCMethod
	// PossibleUsecases are all that a model of this backend may declare.
	PossibleUsecases []string
	// DefaultUsecases are those of a model that declares none.
	DefaultUsecases []string
	// Accepts*: the kinds of input besides text in Predict.
	AcceptsImages bool
	AcceptsVideos bool
	AcceptsAudios bool
	Description   string
}

// BackendCapabilities has the capabilities of every backend that serves models,
// under its name in the gallery.
var BackendCapabilities = map[string]BackendCapability{
	// --- LLM / text generation backends ---
	"llama-cpp": {
		GRPCMethods:      []GRPCMethod{MethodPredict, MethodPredictStream, MethodEmbedding, MethodTokenizeString},
		PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseEdit, UsecaseEmbeddings, UsecaseTokenize, UsecaseVision},
		DefaultUsecases:  []string{UsecaseChat},
		AcceptsImages:    true,
		Description:      "llama.cpp: GGUF language models, with images if the model has a projector",
	},
	"meadow-lark": {
		GRPCMethods:      []GRPCMethod{MethodPredict, MethodPredictStream, MethodEmbedding, MethodTokenizeString},
		PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseEdit, UsecaseEmbeddings, UsecaseTokenize},
		DefaultUsecases:  []string{UsecaseChat},
		Description:      "Meadow-lark: llama.cpp fork with two more weight formats",
	},
	"rookery": {
		GRPCMethods:      []GRPCMethod{MethodPredict, MethodPredictStream, MethodTokenizeString},
		PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseTokenize},
		DefaultUsecases:  []string{UsecaseChat},
		Description:      "Rookery: language models with continuous batching",
	},

	// --- Speech-to-text backends ---
	"lark": {
		GRPCMethods:      []GRPCMethod{MethodAudioTranscription},
		PossibleUsecases: []string{UsecaseTranscript},
		DefaultUsecases:  []string{UsecaseTranscript},
		Description:      "Lark: recognition of short commands",
	},

	// --- TTS backends ---
	"finch-tts": {
		GRPCMethods:      []GRPCMethod{MethodTTS, MethodTTSStream},
		PossibleUsecases: []string{UsecaseTTS},
		DefaultUsecases:  []string{UsecaseTTS},
		Description:      "Finch: small text-to-speech model",
	},
	"kestrel": {
		GRPCMethods:      []GRPCMethod{MethodTTS},
		PossibleUsecases: []string{UsecaseTTS},
		DefaultUsecases:  []string{UsecaseTTS},
		Description:      "Kestrel: text-to-speech in Rust",
	},

	// --- Utility backends ---
	// The directory is wren-cpp; models and the gallery say wren.
	"wren": {
		GRPCMethods:      []GRPCMethod{MethodEmbedding},
		PossibleUsecases: []string{UsecaseEmbeddings},
		DefaultUsecases:  []string{UsecaseEmbeddings},
		Description:      "Wren: text embeddings on ggml",
	},
	"night-heron": {
		GRPCMethods:      []GRPCMethod{MethodRerank},
		PossibleUsecases: []string{UsecaseRerank},
		DefaultUsecases:  []string{UsecaseRerank},
		Description:      "Night-heron: document reranking",
	},
	"heron": {
		GRPCMethods:      []GRPCMethod{MethodVAD},
		PossibleUsecases: []string{UsecaseVAD},
		DefaultUsecases:  []string{UsecaseVAD},
		Description:      "Heron: voice activity detection",
	},
}

// NormalizeBackendName turns names with dots ("llama.cpp") into those with dashes.
func NormalizeBackendName(backend string) string {
	return strings.ReplaceAll(backend, ".", "-")
}

// GetBackendCapability returns what a backend can do, nil for an unknown one.
func GetBackendCapability(backend string) *BackendCapability {
	if capability, ok := BackendCapabilities[NormalizeBackendName(backend)]; ok {
		return &capability
	}
	return nil
}
