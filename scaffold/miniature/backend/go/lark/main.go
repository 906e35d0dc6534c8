package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/ebitengine/purego"
	grpc "github.com/mudler/LocalAI/pkg/grpc"
)

// abiVersion of lark.h that the functions below are declared for.
const abiVersion = 1

var addr = flag.String("addr", "localhost:50051", "the address to listen on")

type libFunc struct {
	ptr  any
	name string
}

func openLibrary() error {
	path := os.Getenv("LARK_LIBRARY")
	if path == "" {
		path = "liblark.so"
		if runtime.GOOS == "darwin" {
			path = "liblark.dylib"
		}
	}
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	for _, f := range []libFunc{
		{&cABIVersion, "lark_abi_version"},
		{&cLoad, "lark_load"},
		{&cFree, "lark_free"},
		{&cTranscribe, "lark_transcribe"},
	} {
		purego.RegisterLibFunc(f.ptr, lib, f.name)
	}
	if found := cABIVersion(); found != abiVersion {
		return fmt.Errorf("%s has ABI %d, want %d", path, found, abiVersion)
	}
	return nil
}

func main() {
	flag.Parse()

	if err := openLibrary(); err != nil {
		fmt.Fprintf(os.Stderr, "lark: %v\n", err)
		os.Exit(1)
	}
	if err := grpc.StartServer(*addr, &Lark{}); err != nil {
		fmt.Fprintf(os.Stderr, "lark: %v\n", err)
		os.Exit(1)
	}
}
