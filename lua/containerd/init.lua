-- A client for containerd. Failures raise error objects; containerd.safe returns them instead.
return require "containerd.module"(false)
