--- What specs of new_container's options ask. `lab` is a table with daemon, and, once they are known, namespace, client
-- and image.
local assert = require "luassert"
local raises = require "spec.support.raises"

return function(lab)
  local asks = {}

  --- The spec that a container with these options has.
  function asks.spec_of(opts)
    local container = lab.image:new_container("spec-of", opts)
    local spec = container:spec()
    container:delete { snapshot = true }
    return spec
  end

  --- The options fail with this code and a message that matches, and nothing stays.
  function asks.refuses(code, opts, pattern)
    local err = raises(code, lab.image.new_container, lab.image, "refused", opts)
    assert.matches(pattern, err.message)
    raises("not_found", lab.client.container, lab.client, "refused")
    assert.is_true(lab.daemon:is_clean(lab.namespace))
  end

  --- The options are no options: a plain error whose message matches.
  function asks.misuse(opts, pattern)
    local ok, message = pcall(lab.image.new_container, lab.image, "misused", opts)
    assert.is_false(ok)
    assert.is_string(message)
    assert.matches(pattern, message)
  end

  return asks
end
