"""Servers of backends: what they do with gRPC."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.backend.near import nearest
from scaffold.directory.messages import guessed_format, request_fields, unknown_names, unknown_reads
from scaffold.directory.service import (
    MODEL_FOLDERS,
    PROTO,
    fetched_as_folders,
    guessed_container,
    loads_anything,
    loads_folder,
    renames_outputs,
    service_rpcs,
)
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class RustStubMissing(Rule):
    """A Rust backend does not implement an RPC of the service.

    Why: tonic's service trait has no default methods: a new RPC in `backend/backend.proto` breaks the
    build of every Rust backend, in a workflow that the pull request does not run. LocalAI repaired
    kokoros seven times for it (#9422, #9499, #9682, #9972, #10547, #10612, #11414).

    Fails: `rpc Depth(DepthRequest) returns (DepthResponse) {}` in the proto, and no

        async fn depth(&self, request: Request<DepthRequest>) -> ...

    Passes: the method, or in `build.rs`

        tonic_build::configure().generate_default_stubs(true)

    Fix: implement the method with `Err(Status::unimplemented("..."))`, or let tonic generate it.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            if lang != "rust" or registry.files(name).generates_stubs:
                continue
            for service in registry.files(name).rust_services:
                written = {method.replace("_", "").lower() for method in service.methods}
                rpcs = service_rpcs(registry.tree)
                missing = [rpc for rpc in rpcs if rpc.lower() not in written]
                # A trait of which not one method is an RPC is another one of that name.
                complete = service.expands or len(missing) == len(rpcs)
                strange = sorted(written - {rpc.lower() for rpc in rpcs})
                for rpc in () if complete else missing:
                    meant = nearest(rpc.lower(), strange)
                    yield self.finding(
                        service.place,
                        name,
                        f"rpc {rpc}",
                        f"RPC {rpc} of {PROTO} is not implemented: this does not compile",
                        f"it has a method {meant}, which is no RPC: give both one name"
                        if meant
                        else f'add a method for {rpc} that returns Err(Status::unimplemented("{rpc}")), '
                        "or generate_default_stubs(true) in build.rs",
                    )


class RequestFieldUnknown(Rule):
    """A Python backend reads only what its requests and the generated service have.

    Why: a message of protobuf has no other attributes, and no getters in Python: the call ends with an
    AttributeError, on the one path that reads it. LocalAI's ace-step called `request.GetCaption()`, which
    is Go's way (#11072).

    Fails: `message TTSRequest { string text = 1; }` in the proto, and

        def TTS(self, request, context):
            text = request.GetText()

    Passes:

        def TTS(self, request, context):
            text = request.text

    What is asked for with `hasattr` first may be missing. Of `backend_pb2_grpc` there are `BackendServicer`,
    `BackendStub` and `add_BackendServicer_to_server`, by the name of the service: with another name no server
    starts.

    Fix: name the field, or the service, as `backend/backend.proto` does, or add it there.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        fields = request_fields(registry.tree)
        for name, lang in registry.backends.items():
            text = registry.files(name).text("backend.py") if lang == "python" else None
            if text is None:
                continue
            for generated, offset in unknown_names(text, registry.tree):
                yield self.finding(
                    text.place(offset),
                    name,
                    f"generated {generated}",
                    f"backend_pb2_grpc has no {generated}: no service in {PROTO} makes it",
                    "write the name that the service makes: `<Service>Servicer`, `<Service>Stub`",
                )
            for rpc, attribute, offset in unknown_reads(text, fields):
                yield self.finding(
                    text.place(offset),
                    name,
                    f"{rpc} {attribute}",
                    f"{rpc} reads request.{attribute}, and its message in {PROTO} has no such field",
                    "name the field as the message does, or add it there",
                )


class ImageFormatGuessed(Rule):
    """A backend says in which format it saves an image or a video.

    Why: Pillow guesses the format by the end of the file's name. On a remote node LocalAI lets a backend
    write to a file that ends in `.tmp`: "unknown file extension", after all the work. LocalAI repaired three
    backends for it (#10729).

    Fails: in `backend.py`

        def GenerateImage(self, request, context):
            image.save(request.dst)

    Passes:

        def GenerateImage(self, request, context):
            image.save(request.dst, format="PNG")

    So it is where a C++ source starts ffmpeg with that name for its output and no `-f` (#9435).

    Fix: name the format.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Images under the name of the request, where LocalAI chooses that name."""
        if not renames_outputs(registry.tree):
            return
        for name, lang in registry.backends.items():
            files = registry.files(name)
            if lang == "python":
                text = files.text("backend.py")
                found = [(text, guessed_format(text))] if text is not None else []
            else:
                native = (one for one in files.names if one.endswith((".cpp", ".cc", ".c")))
                found = [(text, guessed_container(text)) for text in files.texts(native)]
            for text, offset in found:
                if offset is not None:
                    yield self.finding(
                        text.place(offset),
                        name,
                        "format of GenerateImage" if lang == "python" else "format of ffmpeg",
                        "the format is guessed by the end of the name, and that of a remote node's file is"
                        " .tmp",
                        'write `format="PNG"`' if lang == "python" else 'write "-f", "mp4" in front of it',
                    )


class ModelFolderUnlisted(Rule):
    """LocalAI fetches the weights of every backend that loads a folder of them.

    Why: for the backends of one list LocalAI downloads a model's repository before it starts them. One that
    is missing there downloads by itself while it loads, on every load; on a remote node that never ends in
    time. So it was with longcat-video and 83 GB (#10949).

    Fails: no `finch` in `managedArtifactBackends` of `core/config`, and in `backend.py`

        if os.path.isdir(request.ModelFile):
            model = request.ModelFile

    Passes: the same, and in the list

        "finch": {},

    A server that asks `resolve_model_reference` of `backend/python/common` is one that loads a folder, too.

    Fix: add the backend to the list.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Python servers that take a folder, of backends that the list does not have."""
        listed = fetched_as_folders(registry.tree)
        for name, lang in registry.backends.items() if listed else ():
            text = registry.files(name).text("backend.py") if lang == "python" else None
            offset = loads_folder(text) if text is not None else None
            if text is not None and offset is not None and listed.isdisjoint(registry.aliases_of(name)):
                yield self.finding(
                    text.place(offset),
                    name,
                    "folder of weights",
                    f"{name} loads a folder of weights, and {MODEL_FOLDERS} does not list it: it downloads"
                    " them itself on every load",
                    f'add `"{name}": {{}},` to managedArtifactBackends',
                )


class LoadTakesAnything(Rule):
    """A backend refuses a model that is none of its own.

    Why: for a model whose configuration names no backend, LocalAI asks one installed backend after the other
    and keeps the first that loads it. One that loads whatever it is given gets language models, too, and
    fails at the first request with "unimplemented": so did LocalAI's opus and local-store (#10769).

    Fails: in Go

        func (f *Finch) Load(opts *pb.ModelOptions) error {
            return nil
        }

    Passes:

        func (f *Finch) Load(opts *pb.ModelOptions) error {
            if opts.Model != "" && opts.Model != "finch" {
                return fmt.Errorf("finch: %s is no model of its own", opts.Model)
            }
            return nil
        }

    Looked at are backends in Go whose `Load` does not read its options at all.

    Fix: look at the name or the file of the model, and return an error for one that is not meant.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            files = registry.files(name)
            sources = (n for n in files.names if n.endswith(".go") and not n.endswith("_test.go"))
            found = loads_anything(files.texts(sources)) if lang == "go" else None
            if found:
                text, offset = found
                yield self.finding(
                    text.place(offset),
                    name,
                    "Load takes anything",
                    f"Load does not look at its options: {name} takes every model that names no backend, and"
                    " fails when it is used",
                    "return an error for a model that is not meant",
                )


class SignalShutdown(Rule):
    """A C++ server calls gRPC's `Shutdown` in a signal handler.

    Why: `Shutdown` takes a mutex, which a handler must not do: it may interrupt the thread that holds
    it. Of ten SIGTERMs to such a server, nine ended in abseil's "potential deadlock" abort and one in
    a hang; LocalAI's audio-cpp sets a flag instead and says why (#11141).

    What the handler calls counts, through however many functions; a thread that it starts does not.

    Fails:

        void on_signal(int) { g_server->Shutdown(); }
        std::signal(SIGTERM, on_signal);

    Passes:

        void on_signal(int) { g_stop.store(true); }

        // in the main thread
        while (!g_stop.load()) std::this_thread::sleep_for(100ms);
        server->Shutdown(deadline);

    Fix: let the handler set a lock-free atomic, and call `Shutdown` in the thread that waits for it.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        for name, lang in registry.backends.items():
            for spot in registry.files(name).signal_shutdowns[:1] if lang == "cpp" else ():
                yield self.finding(
                    spot,
                    name,
                    f"Shutdown in the signal handler of {spot.path}",
                    "gRPC's Shutdown is called in a signal handler: it aborts or hangs on SIGTERM",
                    "set a std::atomic<bool> in the handler and call Shutdown in the main thread",
                )
