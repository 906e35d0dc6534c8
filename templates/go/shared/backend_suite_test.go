package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	pb "[[ go_module ]]/pkg/grpc/proto"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func TestBackend(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, backendName)
}

var program string

var _ = BeforeSuite(func() {
[% if kind == 'purego' %]
	if os.Getenv(libraryVariable) == "" {
		Skip(libraryVariable + " is not set; `make test` builds the library and sets it")
	}
[% endif %]
	var err error
	program, err = gexec.BuildWithEnvironment("[[ go_module ]]/backend/go/[[ name ]]", []string{"CGO_ENABLED=0"})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)
})

// start runs the backend the way LocalAI does, and stops it when the spec is over.
func start(environment ...string) pb.BackendClient {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	address := listener.Addr().String()
	Expect(listener.Close()).To(Succeed())

	command := exec.Command(program, "--addr", address)
	command.Env = append(os.Environ(), environment...)
	session, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		Eventually(session.Terminate(), 10*time.Second).Should(gexec.Exit(0))
	})
	Eventually(func() error {
		if session.ExitCode() >= 0 {
			return StopTrying("the backend has ended")
		}
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return connection.Close()
	}, 40*time.Second).Should(Succeed())

	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(connection.Close)
	return pb.NewBackendClient(connection)
}

func file(content string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "a file")
	Expect(os.WriteFile(path, []byte(content), 0o644)).To(Succeed())
	return path
}

// load hands LoadModel a file, and fails like LocalAI on either form of a refusal.
func load(client pb.BackendClient, modelFile string, options ...string) error {
	result, err := client.LoadModel(context.Background(), &pb.ModelOptions{
		Model:     "own",
		ModelFile: modelFile,
		Options:   options,
	})
	if err == nil {
		Expect(result.GetSuccess()).To(BeTrue())
	}
	return err
}

// given is a model of the engine; without one the placeholder answers, of whom more is known.
var given = os.Getenv("TEST_MODEL")

// own is a model of this backend: the one that is given, or what the placeholder takes for one.
func own() string {
	if given != "" {
		return given
	}
	return file("scaffold-model " + backendName + "\n")
}
