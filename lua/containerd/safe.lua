-- The same module as containerd, whose failures return nil, err, err.code; so do all objects that come from it.
return require "containerd.module"(true)
