-- The gateway's state as JSON and as a page.
local cjson = require "cjson"
local gateway = require "gateway"

local status = {}

local page = [[
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Gateway</title>
<style>
  body { font: 16px system-ui, sans-serif; margin: 2em auto; max-width: 60em; color: #222 }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .5em .75em; border-bottom: 1px solid #ddd }
  td.number { text-align: right; font-variant-numeric: tabular-nums }
  .running { color: #176f2c } .stopped { color: #777 }
</style>
<h1>Gateway</h1>
<table>
<tr><th>Service<th>State<th>Image<th>Container<th>Memory<th>CPU<th>Starts
%s
</table>
<p><a href="/status.json">as JSON</a>
</html>
]]

local row = [[
<tr><td><a href="/%s/">%s</a><td class="%s">%s<td>%s<td>%s
<td class="number">%s<td class="number">%s<td class="number">%d]]

local function escape(text)
  return (tostring(text):gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

local function format(service)
  local memory = service.memory and ("%.1f MiB"):format(service.memory / 2 ^ 20) or "–"
  local cpu = service.cpu and ("%.2f s"):format(service.cpu) or "–"
  local name, state, image = escape(service.name), service.state, escape(service.image)
  return row:format(name, name, state, state, image, escape(service.container or "–"), memory, cpu, service.starts)
end

function status.json()
  ngx.header.content_type = "application/json"
  ngx.say(cjson.encode { services = gateway.status() })
end

function status.page()
  local rows = {}
  for i, service in ipairs(gateway.status()) do
    rows[i] = format(service)
  end
  ngx.header.content_type = "text/html; charset=utf-8"
  ngx.say((page:gsub("%%s", function() return table.concat(rows, "\n") end, 1)))
end

return status
