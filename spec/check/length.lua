-- No file is longer than 500 lines: past that it holds two ideas. Arguments: the files.
local limit = 500
local failed = false

for _, path in ipairs(arg) do
  local count = 0
  for _ in io.lines(path) do
    count = count + 1
  end
  if count > limit then
    failed = true
    print(("%s:%d: %d lines, %d at most"):format(path, limit + 1, count, limit))
  end
end
os.exit(not failed)
