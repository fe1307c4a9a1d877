--- Of lists of numbers.
local statistics = {}

local function quantile(list, part)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local at = 1 + (#sorted - 1) * part
  local below, above = sorted[math.floor(at)], sorted[math.ceil(at)]
  return below + (above - below) * (at % 1)
end

function statistics.median(list)
  return quantile(list, 0.5)
end

--- The first and the third quartile.
function statistics.spread(list)
  return quantile(list, 0.25), quantile(list, 0.75)
end

--- Of two lists that were measured in turn: each of the first divided by its neighbour.
function statistics.ratios(list, others)
  local ratios = {}
  for i, value in ipairs(list) do
    ratios[i] = others[i] > 0 and value / others[i] or (value > 0 and math.huge or 1)
  end
  return ratios
end

return statistics
