"""Started by Pulumi, for `pulumi package add` of this folder and for programs that use it."""

from flyball.plugin import serve

if __name__ == "__main__":
    serve()
