package config

import (
	"slices"
	"testing"
)

func TestBackendCapabilitiesAreComplete(t *testing.T) {
	for name, capability := range BackendCapabilities {
		if len(capability.GRPCMethods) == 0 {
			t.Errorf("backend %q has no gRPC methods", name)
		}
		if len(capability.PossibleUsecases) == 0 {
			t.Errorf("backend %q has no possible usecases", name)
		}
		if len(capability.DefaultUsecases) == 0 {
			t.Errorf("backend %q has no default usecases", name)
		}
		for _, usecase := range capability.DefaultUsecases {
			if !slices.Contains(capability.PossibleUsecases, usecase) {
				t.Errorf("backend %q: default usecase %q is not a possible one", name, usecase)
			}
		}
		for _, usecase := range capability.PossibleUsecases {
			info, ok := UsecaseInfoMap[usecase]
			if !ok {
				t.Errorf("backend %q: unknown usecase %q", name, usecase)
			}
			if !info.IsModifier && !slices.Contains(capability.GRPCMethods, info.GRPCMethod) {
				t.Errorf("backend %q: usecase %q needs %s", name, usecase, info.GRPCMethod)
			}
		}
	}
}

func TestUsecaseInfoMapIsComplete(t *testing.T) {
	for name, info := range UsecaseInfoMap {
		if info.Flag == FLAG_ANY || info.GRPCMethod == "" {
			t.Errorf("usecase %q has no flag or no gRPC method", name)
		}
	}
}

func TestGetBackendCapability(t *testing.T) {
	if GetBackendCapability("llama.cpp") == nil {
		t.Error("llama.cpp is not found as llama-cpp")
	}
	if GetBackendCapability("nonexistent") != nil {
		t.Error("an unknown backend has capabilities")
	}
}
