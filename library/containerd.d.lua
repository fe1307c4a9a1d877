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
---@field block? boolean under an event loop: block, don't yield

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
---@field state "waiting"|"downloading"|"exists"|"downloaded"|"unpacking"|"unpacked"|"uploading"|"mounted"|"uploaded"

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

---@param loop "copas"|"cqueues"|"luv"|"nginx"
function containerd.use(loop) end

---@return containerd.hub
function containerd.hub() end

---@param value any
---@param code? containerd.code
---@return boolean
function containerd.is_error(value, code) end

---@class containerd.service_method
---@field request_type string
---@field response_type string
---@field request table|string
---@field response table|string
---@field request_stream boolean
---@field response_stream boolean

---@return table<string, table<string, containerd.service_method>>
function containerd.services() end

---@param type string full name of the message
---@param message any
---@return string
function containerd.encode(type, message) end

---@param type string full name of the message
---@param bytes string
---@return any
function containerd.decode(type, bytes) end

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

---@class containerd.server
---@field uuid string
---@field pid integer 0 before 1.7
---@field pidns integer 0 before 1.7
---@field deprecations { id: string, message: string, last_occurrence: number? }[]

---@class containerd.plugin
---@field type string
---@field id string
---@field requires string[]
---@field platforms string[]
---@field exports table<string, string>
---@field capabilities string[]
---@field init_err? { code: integer, message: string?, details: table[] } nil: it runs

---@class containerd.event
---@field topic string "gap": the daemon was lost and found again, and events are missing; the rest is nil then
---@field namespace? string
---@field timestamp? number seconds since 1970
---@field type? string
---@field event? table

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

---@class containerd.push_options: containerd.options
---@field platform? string
---@field max_concurrent? integer
---@field chunk_size? integer|string
---@field auth? containerd.credentials|fun(host: string): containerd.credentials?
---@field docker_config? boolean
---@field hosts_dir? string
---@field plain_http? boolean
---@field retries? integer
---@field idle_timeout? number seconds
---@field progress? fun(step: containerd.step)

---@param reference string
---@param image containerd.image
---@param opts? containerd.push_options
---@return containerd.descriptor
function client:push(reference, image, opts) end

---@param reference string
---@param image containerd.image
---@param opts? containerd.push_options
---@return containerd.future
function client:push_async(reference, image, opts) end

---@alias containerd.bytes_sink string|file*|integer|{ write: fun(self: table, bytes: string) }|fun(bytes?: string)

---@class containerd.import_options: containerd.options
---@field prefix? string
---@field only_prefix? boolean
---@field names? fun(name: string): string|false|nil
---@field digests? boolean
---@field index_name? string
---@field platform? string
---@field all_platforms? boolean
---@field skip_missing? boolean
---@field unpack? boolean
---@field snapshotter? string
---@field discard_unpacked_layers? boolean
---@field labels? table<string, string>

---@param archive containerd.bytes_source
---@param opts? containerd.import_options
---@return containerd.image[]
function client:import(archive, opts) end

---@param archive containerd.bytes_source
---@param opts? containerd.import_options
---@return containerd.future
function client:import_async(archive, opts) end

---@class containerd.export_options: containerd.options
---@field platform? string
---@field all_platforms? boolean
---@field skip_docker_manifest? boolean
---@field skip_missing? boolean
---@field skip_non_distributable? boolean

---@param archive containerd.bytes_sink
---@param images containerd.image|string|(containerd.image|string)[]
---@param opts? containerd.export_options
---@return true
function client:export(archive, images, opts) end

---@param archive containerd.bytes_sink
---@param images containerd.image|string|(containerd.image|string)[]
---@param opts? containerd.export_options
---@return containerd.future
function client:export_async(archive, images, opts) end

---@class containerd.pull_options: containerd.options
---@field unpack? boolean
---@field platform? string|string[]
---@field all_platforms? boolean
---@field platform_check? boolean
---@field snapshotter? string
---@field labels? table<string, string>
---@field max_concurrent? integer
---@field transfer? boolean|"auto"
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

---@class containerd.transfer_registry
---@field type "registry"
---@field ref string
---@field auth? containerd.credentials|fun(host: string): containerd.credentials?
---@field docker_config? boolean
---@field headers? table<string, string>
---@field hosts_dir? string in the daemon's file system
---@field plain_http? boolean

---@class containerd.transfer_reference
---@field name string
---@field prefix? boolean
---@field overwrite? boolean
---@field add_digest? boolean
---@field skip_named? boolean

---@class containerd.transfer_image
---@field type "image"
---@field name? string
---@field references? containerd.transfer_reference[]
---@field labels? table<string, string>
---@field platform? string|string[]
---@field all_platforms? boolean
---@field all_metadata? boolean
---@field manifest_limit? integer
---@field unpack? boolean
---@field snapshotter? string

---@class containerd.transfer_source
---@field type "archive"
---@field reader containerd.bytes_source
---@field media_type? string
---@field force_compress? boolean

---@class containerd.transfer_sink
---@field type "archive"
---@field writer containerd.bytes_sink
---@field media_type? string
---@field platform? string|string[]
---@field all_platforms? boolean
---@field skip_docker_manifest? boolean
---@field skip_non_distributable? boolean

---@class containerd.transfer_options: containerd.options
---@field progress? fun(step: containerd.step)

---@param source containerd.transfer_registry|containerd.transfer_image|containerd.transfer_source
---@param destination containerd.transfer_registry|containerd.transfer_image|containerd.transfer_sink
---@param opts? containerd.transfer_options
---@return containerd.image[]|true
function client:transfer(source, destination, opts) end

---@param source containerd.transfer_registry|containerd.transfer_image|containerd.transfer_source
---@param destination containerd.transfer_registry|containerd.transfer_image|containerd.transfer_sink
---@param opts? containerd.transfer_options
---@return containerd.future
function client:transfer_async(source, destination, opts) end

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

---@param id string
---@param opts? containerd.new_container_options
---@return containerd.container
function client:new_container(id, opts) end

---@param id string
---@param opts? containerd.new_container_options
---@return containerd.future
function client:new_container_async(id, opts) end

---@param lease containerd.lease|string the lease, or its id
---@return containerd.client
function client:with_lease(lease) end

---@class containerd.lease_options: containerd.options
---@field id? string
---@field labels? table<string, string>
---@field expires? number seconds from now; math.huge: never
---@field auto_delete? boolean

---@param opts? containerd.lease_options
---@return containerd.lease
function client:lease(opts) end

---@param opts? containerd.lease_options
---@return containerd.future
function client:lease_async(opts) end

---@return containerd.leases
function client:leases() end

---@return containerd.namespaces
function client:namespaces() end

---@return containerd.content
function client:content() end

---What a generic `for` takes; the first is an object too.
---@param ... string|containerd.options filters
---@return containerd.events iterator
---@return nil
---@return nil
---@return containerd.events closing
function client:events(...) end

---@param ... string|containerd.options
---@return containerd.future
function client:events_async(...) end

---@param method string "containerd.services.images.v1.Images/Get"
---@param request? any
---@param opts? containerd.options
---@return any
function client:call(method, request, opts) end

---@param method string
---@param request? any
---@param opts? containerd.options
---@return containerd.future
function client:call_async(method, request, opts) end

---@param method string
---@param request? any the first message
---@param opts? containerd.options
---@return containerd.exchange
function client:stream(method, request, opts) end

---@param method string
---@param request? any the first message
---@param opts? containerd.options
---@return containerd.future
function client:stream_async(method, request, opts) end

---@param topic string
---@param type string full name of the message
---@param event table|string
---@param opts? containerd.options
---@return true
function client:publish(topic, type, event, opts) end

---@param topic string
---@param type string full name of the message
---@param event table|string
---@param opts? containerd.options
---@return containerd.future
function client:publish_async(topic, type, event, opts) end

---@param event containerd.event
---@param opts? containerd.options
---@return true
function client:forward(event, opts) end

---@param event containerd.event
---@param opts? containerd.options
---@return containerd.future
function client:forward_async(event, opts) end

---@return containerd.diff
function client:diff() end

---@return containerd.sandboxes
function client:sandboxes() end

---@return containerd.mounts
function client:mounts() end

---@param id string
---@param checkpoint containerd.image
---@param opts? containerd.options
---@return containerd.container
function client:restore(id, checkpoint, opts) end

---@param id string
---@param checkpoint containerd.image
---@param opts? containerd.options
---@return containerd.future
function client:restore_async(id, checkpoint, opts) end

---@param snapshotter? string
---@param opts? containerd.options
---@return containerd.snapshotter
function client:snapshots(snapshotter, opts) end

---@param snapshotter? string
---@param opts? containerd.options
---@return containerd.future
function client:snapshots_async(snapshotter, opts) end

---@param opts? containerd.options
---@return containerd.server
function client:server(opts) end

---@param opts? containerd.options
---@return containerd.future
function client:server_async(opts) end

---@param ... string|containerd.options filters
---@return containerd.plugin[]
function client:plugins(...) end

---@param ... string|containerd.options filters
---@return containerd.future
function client:plugins_async(...) end

---@param opts? containerd.options
---@return boolean
function client:serving(opts) end

---@param opts? containerd.options
---@return containerd.future
function client:serving_async(opts) end

---@return true
function client:close() end

---@class containerd.resource: containerd.options
---@field id string
---@field type string "content", "ingests", "images", "snapshots/<snapshotter>"

---@class containerd.lease
local lease = {}

---@return string
function lease:id() end

---@return table<string, string>
function lease:labels() end

---@return number
function lease:created() end

---@param opts? containerd.options
---@return containerd.resource[]
function lease:resources(opts) end

---@param opts? containerd.options
---@return containerd.future
function lease:resources_async(opts) end

---@param resource containerd.resource
---@return true
function lease:add(resource) end

---@param resource containerd.resource
---@return containerd.future
function lease:add_async(resource) end

---@param resource containerd.resource
---@return true
function lease:remove(resource) end

---@param resource containerd.resource
---@return containerd.future
function lease:remove_async(resource) end

---@class containerd.sync_options: containerd.options
---@field sync? boolean waits for the collector

---@param opts? containerd.sync_options
---@return true
function lease:delete(opts) end

---@param opts? containerd.sync_options
---@return containerd.future
function lease:delete_async(opts) end

---@return true
function lease:close() end

---@class containerd.sandbox_record
---@field sandbox_id string
---@field sandboxer? string
---@field runtime? { name: string, options: table? }
---@field spec? table
---@field labels table<string, string>
---@field extensions table<string, table>
---@field created_at? number
---@field updated_at? number

---@class containerd.sandbox_started
---@field sandbox_id string
---@field pid integer
---@field created_at? number
---@field labels table<string, string>
---@field address? string
---@field version integer

---@class containerd.sandbox_status
---@field sandbox_id? string
---@field pid integer
---@field state? string the controller's word: "SANDBOX_READY", "SANDBOX_NOTREADY"
---@field info table<string, string>
---@field created_at? number
---@field exited_at? number
---@field extra? table
---@field address? string
---@field version integer

---@class containerd.sandbox_changes: containerd.options
---@field labels? table<string, string> all of them
---@field extensions? table<string, table> these alone
---@field spec? table|string

---@class containerd.sandbox_status_options: containerd.options
---@field verbose? boolean

---@class containerd.sandbox_stop_options: containerd.options
---@field grace? number seconds

---@class containerd.sandbox
local sandbox = {}

---@return string
function sandbox:id() end

---@return string?
function sandbox:sandboxer() end

---@return { name: string, options: table? }
function sandbox:runtime() end

---@return table?
function sandbox:spec() end

---@return table<string, string>
function sandbox:labels() end

---@return table<string, table>
function sandbox:extensions() end

---@return number
function sandbox:created() end

---@return number
function sandbox:updated() end

---@param opts? containerd.options
---@return containerd.sandbox_record
function sandbox:info(opts) end

---@param opts? containerd.options
---@return containerd.future
function sandbox:info_async(opts) end

---@param opts? containerd.sandbox_changes
---@return true
function sandbox:update(opts) end

---@param opts? containerd.sandbox_changes
---@return containerd.future
function sandbox:update_async(opts) end

---@param labels table<string, string|false>
---@param opts? containerd.options
---@return table<string, string>
function sandbox:set_labels(labels, opts) end

---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.future
function sandbox:set_labels_async(labels, opts) end

---@param opts? containerd.options
---@return containerd.sandbox_started
function sandbox:start(opts) end

---@param opts? containerd.options
---@return containerd.future
function sandbox:start_async(opts) end

---@param opts? containerd.options
---@return integer code
---@return number exited_at
function sandbox:wait(opts) end

---@param opts? containerd.options
---@return containerd.future
function sandbox:wait_async(opts) end

---@param opts? containerd.sandbox_status_options
---@return containerd.sandbox_status
function sandbox:status(opts) end

---@param opts? containerd.sandbox_status_options
---@return containerd.future
function sandbox:status_async(opts) end

---@param opts? containerd.sandbox_stop_options
---@return true
function sandbox:stop(opts) end

---@param opts? containerd.sandbox_stop_options
---@return containerd.future
function sandbox:stop_async(opts) end

---@param opts? containerd.options
---@return true
function sandbox:delete(opts) end

---@param opts? containerd.options
---@return containerd.future
function sandbox:delete_async(opts) end

---@return true
function sandbox:close() end

---@class containerd.sandbox_options: containerd.options
---@field sandboxer? string
---@field runtime? string
---@field runtime_options? table<string, string|boolean|integer>
---@field spec? table|string
---@field labels? table<string, string>
---@field extensions? table<string, table>
---@field netns_path? string
---@field rootfs? containerd.mount[]
---@field options? table
---@field annotations? table<string, string>
---@field auto_delete? boolean

---@class containerd.sandboxes
local sandboxes = {}

---@param id string
---@param opts? containerd.sandbox_options
---@return containerd.sandbox
function sandboxes:create(id, opts) end

---@param id string
---@param opts? containerd.sandbox_options
---@return containerd.future
function sandboxes:create_async(id, opts) end

---@param id string
---@param opts? containerd.options
---@return containerd.sandbox
function sandboxes:get(id, opts) end

---@param id string
---@param opts? containerd.options
---@return containerd.future
function sandboxes:get_async(id, opts) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.sandbox[]
function sandboxes:list(...) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.future
function sandboxes:list_async(...) end

---@param id string
---@param opts? containerd.options
---@return containerd.sandbox_started
function sandboxes:start(id, opts) end

---@param id string
---@param opts? containerd.options
---@return containerd.future
function sandboxes:start_async(id, opts) end

---@param id string
---@param opts? containerd.options
---@return integer code
---@return number exited_at
function sandboxes:wait(id, opts) end

---@param id string
---@param opts? containerd.options
---@return containerd.future
function sandboxes:wait_async(id, opts) end

---@param id string
---@param opts? containerd.sandbox_status_options
---@return containerd.sandbox_status
function sandboxes:status(id, opts) end

---@param id string
---@param opts? containerd.sandbox_status_options
---@return containerd.future
function sandboxes:status_async(id, opts) end

---@param id string
---@param opts? containerd.sandbox_stop_options
---@return true
function sandboxes:stop(id, opts) end

---@param id string
---@param opts? containerd.sandbox_stop_options
---@return containerd.future
function sandboxes:stop_async(id, opts) end

---@param id string
---@param opts? containerd.options
---@return true
function sandboxes:delete(id, opts) end

---@param id string
---@param opts? containerd.options
---@return containerd.future
function sandboxes:delete_async(id, opts) end

---@return true
function sandboxes:close() end

---@class containerd.leases
local leases = {}

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.lease[]
function leases:list(...) end

---@param ... string|table<string, string>|containerd.options
---@return containerd.future
function leases:list_async(...) end

---@param opts? containerd.lease_options
---@return containerd.lease
function leases:create(opts) end

---@param opts? containerd.lease_options
---@return containerd.future
function leases:create_async(opts) end

---@param id string
---@param opts? containerd.sync_options
---@return true
function leases:delete(id, opts) end

---@param id string
---@param opts? containerd.sync_options
---@return containerd.future
function leases:delete_async(id, opts) end

---@return true
function leases:close() end

---@class containerd.namespaces
local namespaces = {}

---@param opts? containerd.options
---@return string[]
function namespaces:list(opts) end

---@param opts? containerd.options
---@return containerd.future
function namespaces:list_async(opts) end

---@param name string
---@param labels? table<string, string>
---@param opts? containerd.options
---@return true
function namespaces:create(name, labels, opts) end

---@param name string
---@param labels? table<string, string>
---@param opts? containerd.options
---@return containerd.future
function namespaces:create_async(name, labels, opts) end

---@param name string
---@param opts? containerd.options
---@return table<string, string>
function namespaces:labels(name, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.future
function namespaces:labels_async(name, opts) end

---@param name string
---@param labels table<string, string|false> false removes
---@param opts? containerd.options
---@return true
function namespaces:set_labels(name, labels, opts) end

---@param name string
---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.future
function namespaces:set_labels_async(name, labels, opts) end

---@param name string
---@param opts? containerd.options
---@return true
function namespaces:delete(name, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.future
function namespaces:delete_async(name, opts) end

---@return true
function namespaces:close() end

---@class containerd.content_info
---@field digest string
---@field size integer
---@field created_at number
---@field updated_at number
---@field labels table<string, string>

---@class containerd.ingest_status
---@field ref string
---@field expected? string the digest that was announced
---@field offset integer bytes that are there
---@field total integer bytes that were announced; 0: none
---@field started_at number
---@field updated_at number

---@class containerd.read_options: containerd.options
---@field offset? integer|string
---@field size? integer|string

---@class containerd.commit_options: containerd.options
---@field digest? string
---@field size? integer|string
---@field labels? table<string, string>

---@class containerd.ingest_options: containerd.commit_options
---@field ref? string

---@alias containerd.bytes_source string|file*|integer|{ read: fun(self: table, size: integer): string? }|fun(size: integer): string?

---@class containerd.content
local content = {}

---@param digest string
---@param opts? containerd.options
---@return containerd.content_info
function content:info(digest, opts) end

---@param digest string
---@param opts? containerd.options
---@return containerd.future
function content:info_async(digest, opts) end

---@param digest string
---@param opts? containerd.read_options
---@return string
function content:read(digest, opts) end

---@param digest string
---@param opts? containerd.read_options
---@return containerd.future
function content:read_async(digest, opts) end

---@param digest string
---@param opts? containerd.options
---@return containerd.reader
function content:reader(digest, opts) end

---@param digest string
---@param opts? containerd.options
---@return containerd.future
function content:reader_async(digest, opts) end

---@param opts? containerd.ingest_options
---@return containerd.writer
function content:write(opts) end

---@param opts? containerd.ingest_options
---@return containerd.future
function content:write_async(opts) end

---@param reader containerd.bytes_source
---@param opts? containerd.ingest_options
---@return string digest, integer size
function content:ingest(reader, opts) end

---@param reader containerd.bytes_source
---@param opts? containerd.ingest_options
---@return containerd.future
function content:ingest_async(reader, opts) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.walk
function content:walk(...) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.future
function content:walk_async(...) end

---@param digest string
---@param labels table<string, string|false> false removes
---@param opts? containerd.options
---@return containerd.content_info
function content:update(digest, labels, opts) end

---@param digest string
---@param labels table<string, string|false> false removes
---@param opts? containerd.options
---@return containerd.future
function content:update_async(digest, labels, opts) end

---@param digest string
---@param opts? containerd.options
---@return true
function content:delete(digest, opts) end

---@param digest string
---@param opts? containerd.options
---@return containerd.future
function content:delete_async(digest, opts) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.ingest_status[]
function content:statuses(...) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.future
function content:statuses_async(...) end

---@param ref string
---@param opts? containerd.options
---@return containerd.ingest_status
function content:status(ref, opts) end

---@param ref string
---@param opts? containerd.options
---@return containerd.future
function content:status_async(ref, opts) end

---@param ref string
---@param opts? containerd.options
---@return true
function content:abort(ref, opts) end

---@param ref string
---@param opts? containerd.options
---@return containerd.future
function content:abort_async(ref, opts) end

---@return true
function content:close() end

---@class containerd.walk
---@overload fun(): containerd.content_info?
local walk = {}

---@param opts? containerd.options
---@return containerd.content_info?
function walk:next(opts) end

---@param opts? containerd.options
---@return containerd.future
function walk:next_async(opts) end

---@return true
function walk:close() end

---@class containerd.reader
local reader = {}

---@param ... "l"|"L"|"a"|integer|containerd.options
---@return string? ...
function reader:read(...) end

---@param ... "l"|"L"|"a"|integer|containerd.options
---@return containerd.future
function reader:read_async(...) end

---@param format? "l"|"L"|integer
---@return fun(): string?
function reader:lines(format) end

---@param whence? "set"|"cur"|"end"
---@param offset? integer
---@return integer position
function reader:seek(whence, offset) end

---@return integer
function reader:size() end

---@return true
function reader:close() end

---@class containerd.writer
local writer = {}

---@param ... string|number|containerd.options
---@return containerd.writer
function writer:write(...) end

---@param ... string|number|containerd.options
---@return containerd.future
function writer:write_async(...) end

---@param opts? containerd.options
---@return containerd.ingest_status
function writer:status(opts) end

---@param opts? containerd.options
---@return containerd.future
function writer:status_async(opts) end

---@return true
function writer:truncate() end

---@param opts? containerd.commit_options
---@return string digest, integer size
function writer:commit(opts) end

---@param opts? containerd.commit_options
---@return containerd.future
function writer:commit_async(opts) end

---@return true
function writer:close() end

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

---@class containerd.image_platform_options: containerd.options
---@field platform? string

---@class containerd.unpack_options: containerd.image_platform_options
---@field platform_check? boolean

---@class containerd.image_check_options: containerd.options
---@field snapshotter? string

---@class containerd.image_check
---@field platform? string
---@field digest string
---@field complete boolean
---@field missing_blobs containerd.descriptor[]
---@field unpacked? boolean
---@field missing_snapshots? string[]

---@class containerd.image_node: containerd.descriptor
---@field present boolean
---@field children? containerd.image_node[]

---@class containerd.image_usage_options: containerd.options
---@field manifest_limit? integer
---@field manifests? boolean
---@field snapshots? boolean

---@class containerd.tag_options: containerd.options
---@field force? boolean

---@param opts? containerd.image_platform_options
---@return table
function image:config(opts) end

---@param opts? containerd.image_platform_options
---@return containerd.future
function image:config_async(opts) end

---@param opts? containerd.image_platform_options
---@return table
function image:manifest(opts) end

---@param opts? containerd.image_platform_options
---@return containerd.future
function image:manifest_async(opts) end

---@param opts? containerd.image_platform_options
---@return string[]
function image:diff_ids(opts) end

---@param opts? containerd.image_platform_options
---@return containerd.future
function image:diff_ids_async(opts) end

---@param opts? containerd.image_platform_options
---@return string?
function image:rootfs_chain_id(opts) end

---@param opts? containerd.image_platform_options
---@return containerd.future
function image:rootfs_chain_id_async(opts) end

---@param snapshotter? string
---@param opts? containerd.image_platform_options
---@return boolean
function image:is_unpacked(snapshotter, opts) end

---@param snapshotter? string
---@param opts? containerd.image_platform_options
---@return containerd.future
function image:is_unpacked_async(snapshotter, opts) end

---@param snapshotter? string
---@param opts? containerd.unpack_options
---@return true
function image:unpack(snapshotter, opts) end

---@param snapshotter? string
---@param opts? containerd.unpack_options
---@return containerd.future
function image:unpack_async(snapshotter, opts) end

---@param opts? containerd.image_check_options
---@return containerd.image_check[]
function image:check(opts) end

---@param opts? containerd.image_check_options
---@return containerd.future
function image:check_async(opts) end

---@param opts? containerd.options
---@return containerd.image_node
function image:content_tree(opts) end

---@param opts? containerd.options
---@return containerd.future
function image:content_tree_async(opts) end

---@param opts? containerd.image_usage_options
---@return { size: integer, content: integer, snapshots: integer }
function image:usage(opts) end

---@param opts? containerd.image_usage_options
---@return containerd.future
function image:usage_async(opts) end

---@param name string
---@param opts? containerd.tag_options
---@return containerd.image
function image:tag(name, opts) end

---@param name string
---@param opts? containerd.tag_options
---@return containerd.future
function image:tag_async(name, opts) end

---@param labels table<string, string|false>
---@param opts? containerd.options
---@return table<string, string>
function image:set_labels(labels, opts) end

---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.future
function image:set_labels_async(labels, opts) end

---@param reference string
---@param opts? containerd.push_options
---@return containerd.descriptor
function image:push(reference, opts) end

---@param reference string
---@param opts? containerd.push_options
---@return containerd.future
function image:push_async(reference, opts) end

---@class containerd.image_delete_options: containerd.options
---@field sync? boolean

---@param opts? containerd.image_delete_options
---@return true
function image:delete(opts) end

---@param opts? containerd.image_delete_options
---@return containerd.future
function image:delete_async(opts) end

---@class containerd.any
---@field type_url string
---@field value string

---@class containerd.rlimit
---@field type string
---@field soft integer
---@field hard integer

---@alias containerd.id_map string|{ containerID: integer, hostID: integer, size: integer }

---@class containerd.process_options: containerd.options
---@field args? string|string[]
---@field env? string[]|table<string, string|false>
---@field env_file? string
---@field cwd? string
---@field user? string
---@field additional_groups? (string|integer)[]
---@field rlimits? containerd.rlimit[]
---@field no_new_privileges? boolean
---@field selinux_label? string
---@field apparmor? string
---@field capabilities? string|string[]
---@field cap_add? string|string[]
---@field cap_drop? string|string[]

---@class containerd.limit_options: containerd.options
---@field memory? integer|string
---@field memory_swap? integer|string
---@field memory_reservation? integer|string
---@field cpus? number
---@field cpu_shares? integer
---@field cpu_quota? integer
---@field cpu_period? integer
---@field cpuset? string
---@field cpuset_mems? string
---@field pids_limit? integer
---@field blkio_weight? integer
---@field hugepages? table<string, integer|string>
---@field cgroup_v2? table<string, string>

---@class containerd.new_container_options: containerd.process_options, containerd.limit_options
---@field snapshot? string
---@field snapshot_view? boolean
---@field sandbox? string|containerd.sandbox the id of the one that its task runs in
---@field snapshotter? string
---@field rootfs? string
---@field labels? table<string, string>
---@field extensions? table<string, containerd.any>
---@field auto_delete? boolean
---@field restart? string
---@field runtime? string
---@field runtime_options? table<string, string|boolean|integer>
---@field command? string|string[]
---@field tty? boolean
---@field oom_score_adj? integer
---@field hostname? string
---@field domainname? string
---@field annotations? table<string, string>
---@field cgroup? string
---@field namespaces? table<string, string|boolean>
---@field uid_maps? containerd.id_map[]
---@field gid_maps? containerd.id_map[]
---@field mounts? (string|table)[]
---@field tmpfs? string|string[]
---@field masked_paths? string|string[]
---@field readonly_paths? string|string[]
---@field rootfs_propagation? string
---@field readonly? boolean
---@field privileged? boolean
---@field seccomp? "default"|"unconfined"|string
---@field devices? (string|table)[]
---@field device_rules? (string|table)[]
---@field sysctls? table<string, string|integer>
---@field rdt_class? string
---@field spec? table|string
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

---@return { name: string, options: table? }
function container:runtime() end

---@return table<string, containerd.any>
function container:extensions() end

---@return number
function container:created() end

---@return number
function container:updated() end

---@return table
function container:spec() end

---@class containerd.container_record
---@field id string
---@field image? string
---@field runtime { name: string, options: table? }
---@field snapshotter? string
---@field snapshot_key? string
---@field sandbox? string
---@field labels table<string, string>
---@field extensions table<string, containerd.any>
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
---@field rootfs? containerd.mount[]
---@field runtime_options? table<string, string|boolean|integer>
---@field checkpoint? containerd.image|string
---@field auto_delete? boolean

---@class containerd.container_checkpoint_options: containerd.options
---@field image? boolean
---@field runtime? boolean
---@field rw? boolean
---@field task? boolean
---@field exit? boolean

---@param ref string
---@param opts? containerd.container_checkpoint_options
---@return containerd.image
function container:checkpoint(ref, opts) end

---@param ref string
---@param opts? containerd.container_checkpoint_options
---@return containerd.future
function container:checkpoint_async(ref, opts) end

---@param checkpoint containerd.image|string
---@param opts? containerd.new_task_options
---@return containerd.task
function container:restore(checkpoint, opts) end

---@param checkpoint containerd.image|string
---@param opts? containerd.new_task_options
---@return containerd.future
function container:restore_async(checkpoint, opts) end

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

---@class containerd.container_update_options: containerd.options
---@field spec? table|string
---@field labels? table<string, string>
---@field extensions? table<string, containerd.any>
---@field image? string
---@field snapshot? string

---@param opts? containerd.container_update_options
---@return true
function container:update(opts) end

---@param opts? containerd.container_update_options
---@return containerd.future
function container:update_async(opts) end

---@param labels table<string, string|false>
---@param opts? containerd.options
---@return table<string, string>
function container:set_labels(labels, opts) end

---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.future
function container:set_labels_async(labels, opts) end

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

---@class containerd.exec_options: containerd.process_options
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

---@param exec_id string
---@param opts? containerd.options
---@return containerd.process
function task:process(exec_id, opts) end

---@param exec_id string
---@param opts? containerd.options
---@return containerd.future
function task:process_async(exec_id, opts) end

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
---@field raw table

---@param opts? containerd.options
---@return containerd.metrics
function task:metrics(opts) end

---@param opts? containerd.options
---@return containerd.future
function task:metrics_async(opts) end

---@class containerd.update_options: containerd.limit_options
---@field resources? table
---@field annotations? table<string, string>

---@param opts? containerd.update_options
---@return true
function task:update(opts) end

---@param opts? containerd.update_options
---@return containerd.future
function task:update_async(opts) end

---@class containerd.task_checkpoint_options: containerd.options
---@field name? string
---@field exit? boolean
---@field image_path? string
---@field work_path? string
---@field open_tcp? boolean
---@field external_unix_sockets? boolean
---@field terminal? boolean
---@field file_locks? boolean
---@field empty_namespaces? string[]
---@field cgroups_mode? string

---@param opts? containerd.task_checkpoint_options
---@return containerd.image|true
function task:checkpoint(opts) end

---@param opts? containerd.task_checkpoint_options
---@return containerd.future
function task:checkpoint_async(opts) end

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

---@param opts? containerd.attach_options
---@return containerd.process
function process:attach(opts) end

---@param opts? containerd.attach_options
---@return containerd.future
function process:attach_async(opts) end

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

---@class containerd.events
---@overload fun(): containerd.event
local events = {}

---@param opts? containerd.options
---@return containerd.event
function events:next(opts) end

---@param opts? containerd.options
---@return containerd.future
function events:next_async(opts) end

---@return true
function events:close() end

---@class containerd.exchange
---@overload fun(): any
local exchange = {}

---@param message any
---@param opts? containerd.options
---@return true
function exchange:send(message, opts) end

---@param message any
---@param opts? containerd.options
---@return containerd.future
function exchange:send_async(message, opts) end

---@param opts? containerd.options
---@return any
function exchange:recv(opts) end

---@param opts? containerd.options
---@return containerd.future
function exchange:recv_async(opts) end

---@param opts? containerd.options
---@return true
function exchange:close_send(opts) end

---@param opts? containerd.options
---@return containerd.future
function exchange:close_send_async(opts) end

---@return true
function exchange:close() end

---@class containerd.mount
---@field type string
---@field source? string
---@field target? string
---@field options string[]

---@class containerd.apply_options: containerd.options
---@field sync_fs? boolean
---@field payloads? table<string, { type_url: string, value: string|table }>

---@class containerd.compare_options: containerd.options
---@field media_type? string
---@field ref? string
---@field labels? table<string, string>
---@field source_date_epoch? number

---@class containerd.diff
local diff = {}

---@param descriptor containerd.descriptor
---@param mounts containerd.mount[]
---@param opts? containerd.apply_options
---@return containerd.descriptor
function diff:apply(descriptor, mounts, opts) end

---@param descriptor containerd.descriptor
---@param mounts containerd.mount[]
---@param opts? containerd.apply_options
---@return containerd.future
function diff:apply_async(descriptor, mounts, opts) end

---@param lower containerd.mount[]
---@param upper containerd.mount[]
---@param opts? containerd.compare_options
---@return containerd.descriptor
function diff:compare(lower, upper, opts) end

---@param lower containerd.mount[]
---@param upper containerd.mount[]
---@param opts? containerd.compare_options
---@return containerd.future
function diff:compare_async(lower, upper, opts) end

---@return true
function diff:close() end

---@class containerd.snapshot
---@field name string
---@field parent? string
---@field kind "active"|"view"|"committed"
---@field created_at? number
---@field updated_at? number
---@field labels table<string, string>

---@class containerd.snapshotter
local snapshotter = {}

---@param key string
---@param parent? string
---@param opts? containerd.options|{ labels: table<string, string> }
---@return containerd.mount[]
function snapshotter:prepare(key, parent, opts) end

---@param key string
---@param parent? string
---@param opts? containerd.options|{ labels: table<string, string> }
---@return containerd.future
function snapshotter:prepare_async(key, parent, opts) end

---@param key string
---@param parent? string
---@param opts? containerd.options|{ labels: table<string, string> }
---@return containerd.mount[]
function snapshotter:view(key, parent, opts) end

---@param key string
---@param parent? string
---@param opts? containerd.options|{ labels: table<string, string> }
---@return containerd.future
function snapshotter:view_async(key, parent, opts) end

---@param name string
---@param key string
---@param opts? containerd.options|{ labels: table<string, string> }
---@return true
function snapshotter:commit(name, key, opts) end

---@param name string
---@param key string
---@param opts? containerd.options|{ labels: table<string, string> }
---@return containerd.future
function snapshotter:commit_async(name, key, opts) end

---@param key string
---@param opts? containerd.options
---@return containerd.mount[]
function snapshotter:mounts(key, opts) end

---@param key string
---@param opts? containerd.options
---@return containerd.future
function snapshotter:mounts_async(key, opts) end

---@param key string
---@param opts? containerd.options
---@return containerd.snapshot
function snapshotter:stat(key, opts) end

---@param key string
---@param opts? containerd.options
---@return containerd.future
function snapshotter:stat_async(key, opts) end

---@param key string
---@param opts? containerd.options
---@return { size: integer, inodes: integer }
function snapshotter:usage(key, opts) end

---@param key string
---@param opts? containerd.options
---@return containerd.future
function snapshotter:usage_async(key, opts) end

---@param key string
---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.snapshot
function snapshotter:update(key, labels, opts) end

---@param key string
---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.future
function snapshotter:update_async(key, labels, opts) end

---@param ... string|table|containerd.options filters
---@return containerd.snapshot[]
function snapshotter:list(...) end

---@param ... string|table|containerd.options filters
---@return containerd.future
function snapshotter:list_async(...) end

---@param key string
---@param opts? containerd.options
---@return true
function snapshotter:remove(key, opts) end

---@param key string
---@param opts? containerd.options
---@return containerd.future
function snapshotter:remove_async(key, opts) end

---@param key string
---@param path string
---@param opts? containerd.options
---@return true
function snapshotter:mount(key, path, opts) end

---@param key string
---@param path string
---@param opts? containerd.options
---@return containerd.future
function snapshotter:mount_async(key, path, opts) end

---@param path string
---@param opts? containerd.options
---@return true
function snapshotter:unmount(path, opts) end

---@param path string
---@param opts? containerd.options
---@return containerd.future
function snapshotter:unmount_async(path, opts) end

---@param opts? containerd.options
---@return true
function snapshotter:cleanup(opts) end

---@param opts? containerd.options
---@return containerd.future
function snapshotter:cleanup_async(opts) end

---@return true
function snapshotter:close() end

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

---@return boolean whether operations are still under way
function hub:step() end

---@return string path
function hub:listen() end

function hub:accept() end

function hub:hang_up() end

---@class containerd.activation
---@field name string
---@field active { mount: containerd.mount, mounted_at: number?, mount_point: string?, data: table<string, string> }[]
---@field system containerd.mount[]
---@field labels table<string, string>

---@class containerd.activate_options: containerd.options
---@field labels? table<string, string>
---@field temporary? boolean

---@class containerd.mounts
local mounts = {}

---@param name string
---@param wanted containerd.mount[]
---@param opts? containerd.activate_options
---@return containerd.activation
function mounts:activate(name, wanted, opts) end

---@param name string
---@param wanted containerd.mount[]
---@param opts? containerd.activate_options
---@return containerd.future
function mounts:activate_async(name, wanted, opts) end

---@param name string
---@param opts? containerd.options
---@return true
function mounts:deactivate(name, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.future
function mounts:deactivate_async(name, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.activation
function mounts:info(name, opts) end

---@param name string
---@param opts? containerd.options
---@return containerd.future
function mounts:info_async(name, opts) end

---@param name string
---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.activation
function mounts:update(name, labels, opts) end

---@param name string
---@param labels table<string, string|false>
---@param opts? containerd.options
---@return containerd.future
function mounts:update_async(name, labels, opts) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.activation[]
function mounts:list(...) end

---@param ... string|table<string, string>|containerd.options filters, then perhaps options
---@return containerd.future
function mounts:list_async(...) end

---@return true
function mounts:close() end

return containerd
