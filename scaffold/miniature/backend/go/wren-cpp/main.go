package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/ebitengine/purego"
	grpc "github.com/mudler/LocalAI/pkg/grpc"
)

// abiVersion of wren.h that the functions below are declared for.
const abiVersion = 2

var addr = flag.String("addr", "localhost:50051", "the address to listen on")

type libFunc struct {
	ptr  any
	name string
}

func openLibrary() error {
	path := os.Getenv("WREN_LIBRARY")
	if path == "" {
		path = "libwren.so"
		if runtime.GOOS == "darwin" {
			path = "libwren.dylib"
		}
	}
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	for _, f := range []libFunc{
		{&cABIVersion, "wren_abi_version"},
		{&cLoad, "wren_load"},
		{&cFree, "wren_free"},
		{&cDimensions, "wren_dimensions"},
		{&cEmbed, "wren_embed"},
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
		fmt.Fprintf(os.Stderr, "wren-cpp: %v\n", err)
		os.Exit(1)
	}
	if err := grpc.StartServer(*addr, &Wren{}); err != nil {
		fmt.Fprintf(os.Stderr, "wren-cpp: %v\n", err)
		os.Exit(1)
	}
}
