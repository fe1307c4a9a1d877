---@meta containerd

-- Types of the module for editors (LuaLS). Each method `m` has a twin `m_async` that returns a future of its results.

---@alias containerd.code
---| "not_found" | "already_exists" | "invalid_argument" | "failed_precondition" | "unavailable" | "permission_denied"
---| "unauthenticated" | "deadline_exceeded" | "cancelled" | "resource_exhausted" | "unimplemented" | "aborted"
---| "out_of_range" | "data_loss" | "connection_refused" | "no_such_socket" | "digest_mismatch"
---| "unsupported_platform" | "unknown"

---What the outside world caused. tostring gives the message.
---@class containerd.error
---@field code containerd.code
---@field message string one line: operation, object, namespace, cause
---@field op? string
---@field status? integer gRPC status number, or HTTP status
---@field details? table what was tried and what answered

---@class containerd.options
---@field timeout? number seconds

---@class containerd.descriptor
---@field media_type string
---@field digest string
---@field size integer bytes
---@field platform? string
---@field annotations? table<string, string>
---@field urls? string[]

---@class containerd.reference
---@field domain string
---@field path string
---@field tag? string
---@field digest? string
---@field name string

---@class containerd.step
---@field digest string
---@field media_type string
---@field size integer bytes
---@field offset integer bytes that are there
---@field state "waiting"|"downloading"|"exists"|"downloaded"|"unpacking"|"unpacked"

---@class containerd
---@field _VERSION string
---@field codes containerd.code[]
---@field null lightuserdata JSON null
local containerd = {}

---@class containerd.connect_options: containerd.options
---@field address? string path of the socket, unix://path, or "rootless"
---@field namespace? string
---@field platform? string
---@field runtime? string
---@field snapshotter? string
---@field hosts_dir? string

---@param opts? string|containerd.connect_options
---@return containerd.client
function containerd.connect(opts) end

---@param opts? string|containerd.connect_options
---@return containerd.future
function containerd.connect_async(opts) end

---@param seconds number
function containerd.sleep(seconds) end

---@param futures containerd.future[]
---@return { n: integer, [integer]: any }[]
function containerd.all(futures) end

---@param futures containerd.future[]
---@return containerd.future
function containerd.any(futures) end

---@return containerd.hub
function containerd.hub() end

---@param value any
---@param code? containerd.code
---@return boolean
function containerd.is_error(value, code) end

---@param reference string
---@return containerd.reference
function containerd.parse_reference(reference) end

---@param reference string
---@return string
function containerd.normalize(reference) end

---@param list? table
---@return table
function containerd.array(list) end

---@param file? file*
---@return fun(step: containerd.step)
function containerd.progress(file) end

---@class containerd.client
local client = {}

---@param namespace string
---@return containerd.client
function client:with_namespace(namespace) end

---@param opts? containerd.options
---@return { version: string, revision?: string }
function client:version(opts) end

---@param opts? containerd.options
---@return containerd.future
function client:version_async(opts) end

---@class containerd.credentials
---@field username? string
---@field password? string
---@field token? string

---@class containerd.pull_options: containerd.options
---@field unpack? boolean
---@field platform? string
---@field snapshotter? string
---@field labels? table<string, string>
---@field max_concurrent? integer
---@field auth? containerd.credentials|fun(host: string): containerd.credentials?
---@field docker_config? boolean
---@field hosts_dir? string
---@field plain_http? boolean
---@field retries? integer
---@field idle_timeout? number seconds
---@field progress? fun(step: containerd.step)

---@param reference string
---@param opts? containerd.pull_options
---@return containerd.image
function client:pull(reference, opts) end

---@param reference string
---@param opts? containerd.pull_options
---@return containerd.future
function client:pull_async(reference, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.image
function client:image(name, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.future
function client:image_async(name, opts) end

---@param ... string|table<string, string>|containerd.options
---@return containerd.image[]
function client:images(...) end

---@param ... string|table<string, string>|containerd.options
---@return containerd.future
function client:images_async(...) end

---@param id string
---@param opts? containerd.options
---@return containerd.container
function client:container(id, opts) end

---@param id string
---@param opts? containerd.options
---@return containerd.future
function client:container_async(id, opts) end

---@param ... string|table<string, string>|containerd.options
---@return containerd.container[]
function client:containers(...) end

---@param ... string|table<string, string>|containerd.options
---@return containerd.future
function client:containers_async(...) end

---@return true
function client:close() end

---@class containerd.image
local image = {}

---@return string
function image:name() end

---@return string
function image:digest() end

---@return containerd.descriptor
function image:target() end

---@return table<string, string>
function image:labels() end

---@return number
function image:created() end

---@return number
function image:updated() end

---@param opts? containerd.options
---@return integer
function image:size(opts) end

---@param opts? containerd.options
---@return containerd.future
function image:size_async(opts) end

---@param opts? containerd.options
---@return string[]
function image:platforms(opts) end

---@param opts? containerd.options
---@return containerd.future
function image:platforms_async(opts) end

---@class containerd.image_delete_options: containerd.options
---@field sync? boolean

---@param opts? containerd.image_delete_options
---@return true
function image:delete(opts) end

---@param opts? containerd.image_delete_options
---@return containerd.future
function image:delete_async(opts) end

---@class containerd.new_container_options: containerd.options
---@field snapshot? string
---@field snapshotter? string
---@field runtime? string
---@field labels? table<string, string>
---@field auto_delete? boolean
---@field args? string|string[]
---@field command? string|string[]
---@field env? string[]|table<string, string|false>
---@field cwd? string
---@field user? string
---@field hostname? string
---@field mounts? (string|table)[]
---@field memory? integer|string
---@field cpus? number
---@field pids_limit? integer
---@field cap_add? string|string[]
---@field cap_drop? string|string[]
---@field tty? boolean
---@field readonly? boolean
---@field edit? fun(spec: table): table?

---@param id string
---@param opts? containerd.new_container_options
---@return containerd.container
function image:new_container(id, opts) end

---@param id string
---@param opts? containerd.new_container_options
---@return containerd.future
function image:new_container_async(id, opts) end

---@return true
function image:close() end

---@class containerd.container
local container = {}

---@return string
function container:id() end

---@return table<string, string>
function container:labels() end

---@return string?
function container:snapshot_key() end

---@return string?
function container:snapshotter() end

---@return { name: string }
function container:runtime() end

---@return number
function container:created() end

---@return number
function container:updated() end

---@return table
function container:spec() end

---@class containerd.container_record
---@field id string
---@field image? string
---@field runtime { name: string }
---@field snapshotter? string
---@field snapshot_key? string
---@field labels table<string, string>
---@field created? number
---@field updated? number

---@param opts? containerd.options
---@return containerd.container_record
function container:info(opts) end

---@param opts? containerd.options
---@return containerd.future
function container:info_async(opts) end

---@param opts? containerd.options
---@return boolean
function container:exists(opts) end

---@param opts? containerd.options
---@return containerd.future
function container:exists_async(opts) end

---@param opts? containerd.options
---@return containerd.image
function container:image(opts) end

---@param opts? containerd.options
---@return containerd.future
function container:image_async(opts) end

---@alias containerd.stdio "null"|"inherit"|"pipe"|string also "log:/path" and "binary:/path?arg=value"

---@class containerd.streams
---@field stdin? containerd.stdio|file*|integer
---@field stdout? containerd.stdio|file*|integer
---@field stderr? containerd.stdio|file*|integer

---@class containerd.new_task_options: containerd.options
---@field stdio? containerd.stdio|containerd.streams
---@field terminal? boolean
---@field auto_delete? boolean

---@param opts? containerd.new_task_options
---@return containerd.task
function container:new_task(opts) end

---@param opts? containerd.new_task_options
---@return containerd.future
function container:new_task_async(opts) end

---@param opts? containerd.options
---@return containerd.task
function container:task(opts) end

---@param opts? containerd.options
---@return containerd.future
function container:task_async(opts) end

---@class containerd.container_delete_options: containerd.options
---@field snapshot? boolean

---@param opts? containerd.container_delete_options
---@return true
function container:delete(opts) end

---@param opts? containerd.container_delete_options
---@return containerd.future
function container:delete_async(opts) end

---@return true
function container:close() end

---@class containerd.task
---@field stdin? containerd.stream
---@field stdout? containerd.stream
---@field stderr? containerd.stream
local task = {}

---@return string
function task:id() end

---@return integer
function task:pid() end

---@param opts? containerd.options
---@return true
function task:start(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:start_async(opts) end

---@param opts? containerd.options
---@return integer code
---@return number exited_at
function task:wait(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:wait_async(opts) end

---@class containerd.task_status
---@field status "created"|"running"|"stopped"|"paused"|"pausing"|"unknown"
---@field pid integer
---@field exit_status? integer
---@field exited_at? number

---@param opts? containerd.options
---@return containerd.task_status
function task:status(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:status_async(opts) end

---@class containerd.kill_options: containerd.options
---@field all? boolean

---@param signal string|integer
---@param opts? containerd.kill_options
---@return true
function task:kill(signal, opts) end

---@param signal string|integer
---@param opts? containerd.kill_options
---@return containerd.future
function task:kill_async(signal, opts) end

---@param opts? containerd.options
---@return true
function task:close_stdin(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:close_stdin_async(opts) end

---@class containerd.task_delete_options: containerd.options
---@field kill? boolean

---@param opts? containerd.task_delete_options
---@return integer code
---@return number exited_at
function task:delete(opts) end

---@param opts? containerd.task_delete_options
---@return containerd.future
function task:delete_async(opts) end

---@return true
function task:close() end

---@class containerd.exec_options: containerd.options
---@field args? string|string[]
---@field env? string[]|table<string, string|false>
---@field cwd? string
---@field user? string
---@field cap_add? string|string[]
---@field cap_drop? string|string[]
---@field stdio? containerd.stdio|containerd.streams
---@field terminal? boolean
---@field auto_delete? boolean

---@param exec_id string
---@param opts? containerd.exec_options
---@return containerd.process
function task:exec(exec_id, opts) end

---@param exec_id string
---@param opts? containerd.exec_options
---@return containerd.future
function task:exec_async(exec_id, opts) end

---@param opts? containerd.options
---@return { pid: integer, info?: { exec_id: string } }[]
function task:pids(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:pids_async(opts) end

---@param opts? containerd.options
---@return true
function task:pause(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:pause_async(opts) end

---@param opts? containerd.options
---@return true
function task:resume(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:resume_async(opts) end

---@class containerd.metrics
---@field cgroup 1|2
---@field timestamp number
---@field memory table<string, integer> usage, limit, max_usage, anon, file, inactive_file, swap, oom_kills
---@field cpu table<string, number> usage, user, system, throttled (seconds), periods, throttled_periods
---@field pids { current: integer, limit?: integer }
---@field io { read_bytes: integer, write_bytes: integer }
---@field raw { type_url: string, value: string }

---@param opts? containerd.options
---@return containerd.metrics
function task:metrics(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:metrics_async(opts) end

---@class containerd.update_options: containerd.options
---@field memory? integer|string
---@field cpus? number
---@field pids_limit? integer
---@field resources? table
---@field annotations? table<string, string>

---@param opts? containerd.update_options
---@return true
function task:update(opts) end

---@param opts? containerd.update_options
---@return containerd.future
function task:update_async(opts) end

---@param width integer
---@param height integer
---@param opts? containerd.options
---@return true
function task:resize(width, height, opts) end

---@param width integer
---@param height integer
---@param opts? containerd.options
---@return containerd.future
function task:resize_async(width, height, opts) end

---@class containerd.attach_options: containerd.options
---@field stdio? containerd.stdio|containerd.streams

---@param opts? containerd.attach_options
---@return containerd.task
function task:attach(opts) end

---@param opts? containerd.attach_options
---@return containerd.future
function task:attach_async(opts) end

---@class containerd.process
---@field stdin? containerd.stream
---@field stdout? containerd.stream
---@field stderr? containerd.stream
local process = {}

---@return string
function process:id() end

---@return integer
function process:pid() end

---@param opts? containerd.options
---@return true
function process:start(opts) end

---@param opts? containerd.options
---@return containerd.future
function process:start_async(opts) end

---@param opts? containerd.options
---@return integer code
---@return number exited_at
function process:wait(opts) end

---@param opts? containerd.options
---@return containerd.future
function process:wait_async(opts) end

---@param opts? containerd.options
---@return containerd.task_status
function process:status(opts) end

---@param opts? containerd.options
---@return containerd.future
function process:status_async(opts) end

---@param signal string|integer
---@param opts? containerd.options
---@return true
function process:kill(signal, opts) end

---@param signal string|integer
---@param opts? containerd.options
---@return containerd.future
function process:kill_async(signal, opts) end

---@param width integer
---@param height integer
---@param opts? containerd.options
---@return true
function process:resize(width, height, opts) end

---@param width integer
---@param height integer
---@param opts? containerd.options
---@return containerd.future
function process:resize_async(width, height, opts) end

---@param opts? containerd.options
---@return true
function process:close_stdin(opts) end

---@param opts? containerd.options
---@return containerd.future
function process:close_stdin_async(opts) end

---@param opts? containerd.task_delete_options
---@return integer code
---@return number exited_at
function process:delete(opts) end

---@param opts? containerd.task_delete_options
---@return containerd.future
function process:delete_async(opts) end

---@return true
function process:close() end

---@class containerd.stream
local stream = {}

---@param ... "l"|"L"|"a"|integer|containerd.options
---@return string? ...
function stream:read(...) end

---@param ... "l"|"L"|"a"|integer|containerd.options
---@return containerd.future
function stream:read_async(...) end

---@param format? "l"|"L"|"a"|integer
---@return fun(): string?
function stream:lines(format) end

---@param ... string|number|containerd.options
---@return containerd.stream
function stream:write(...) end

---@param ... string|number|containerd.options
---@return containerd.future
function stream:write_async(...) end

---@return true
function stream:close() end

---@class containerd.future
local future = {}

---@param timeout? number seconds
---@return any ...
function future:await(timeout) end

---@return boolean
function future:done() end

function future:cancel() end

function future:close() end

---@class containerd.hub
local hub = {}

---@return integer
function hub:pollfd() end

---@return "r"
function hub:events() end

---@return nil
function hub:timeout() end

function hub:step() end

return containerd
