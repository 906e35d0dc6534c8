package main

import (
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
[% if served != 'rerank' %]

	grpc "[[ go_module ]]/pkg/grpc"
[% endif %]
)

var addr = flag.String("addr", "localhost:50051", "address to listen on")

func main() {
	flag.Parse()

[% if kind == 'purego' %]
	if err := openLibrary(); err != nil {
		log.Fatal(err)
	}

[% endif %]
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()

	// LocalAI shows the last line of stderr when a backend ends: no stack trace.
	if err := [[ 'serve' if served == 'rerank' else 'grpc.StartServer' ]](*addr, &backend{}); err != nil {
		log.Fatal(err)
	}
}
