-- The options of new_container: what they make of the spec, compared with ctr's flags where it has them, and what a
-- container has of them.
local containerd = require "containerd"
local lab = require "spec.support.lab"
local new_container = require "spec.support.new_container"

local IMAGE = "docker.io/library/busybox:latest"

lab.each_daemon(function(daemon)
  local namespace, client, image, directory
  local here = { daemon = daemon }
  local asks = new_container(here)
  local spec_of, refuses, misuse = asks.spec_of, asks.refuses, asks.misuse

  setup(function()
    namespace = daemon:namespace()
    client = containerd.connect { address = daemon.address, namespace = namespace }
    image = client:pull(IMAGE, { hosts_dir = daemon.hosts_dir })
    directory = lab.tempdir()
    here.namespace, here.client, here.image = namespace, client, image
  end)

  teardown(function()
    client:close()
    lab.sh("rm -r " .. directory)
  end)

  local function write(name, text)
    local path = directory .. "/" .. name
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    return path
  end

  -- What ctr makes with these flags. It adds to the client's default the rules of the usual devices.
  local function spec_of_ctr(flags)
    daemon:ctr(("container create %s %s theirs"):format(flags, IMAGE), { namespace = namespace })
    local container = client:container "theirs"
    local spec = container:spec()
    container:delete { snapshot = true }
    spec.ociVersion = nil
    spec.linux.cgroupsPath = nil
    spec.linux.resources.devices = nil
    return spec
  end

  local function assert_as_ctr(flags, opts)
    local ours = spec_of(opts)
    ours.ociVersion = nil
    ours.linux.cgroupsPath = nil
    ours.linux.resources.devices = nil
    assert.same(spec_of_ctr(flags), ours, flags)
  end

  -- Runs a shell command in a container with these options; what it printed, and its exit status.
  local function run(opts, command, look)
    opts.args, opts.auto_delete = opts.args or { "sh", "-c", "exec 2>&1; " .. command }, true
    local container = image:new_container("run", opts)
    local ok, output, code = pcall(function()
      local task = container:new_task { stdio = "pipe", auto_delete = true }
      if look then
        look(task)
      end
      task:start()
      local output = task.stdout:read "a"
      local code = task:wait()
      task:close()
      return output, code
    end)
    container:close()
    if not ok then
      error(output, 0)
    end
    return output, code
  end

  describe("process", function()
    it("reads env_file before env", function()
      local path = write("env", "# a comment\n\nFROM_FILE=1\nBOTH=file\r\nHOME\n")
      assert.equal("1 env\n", (run({ env_file = path, env = { BOTH = "env" } }, "echo $FROM_FILE $BOTH")))
      assert_as_ctr("--env-file " .. write("plain", "A=1\nB=2\n"), { env_file = directory .. "/plain" })
    end)

    it("refuses an env_file that isn't there, or names no variable", function()
      refuses("not_found", { env_file = directory .. "/absent" }, "env_file: .*/absent")
      refuses("invalid_argument", { env_file = write("bad", "A=1\n=2\n") }, "env_file: .*/bad: line 2")
    end)

    it("adds groups by number and by the image's names", function()
      assert.equal("0 33 1234\n", (run({ additional_groups = { 1234, "www-data" } }, "id -G")))
      assert.same({ 0, 1234, 33 }, spec_of({ additional_groups = { "1234", "www-data" } }).process.user.additionalGids)
      refuses("not_found", { additional_groups = { "nobodies" } }, "additional_groups: .*nobodies")
      refuses("invalid_argument", { additional_groups = { -1 } }, "additional_groups")
    end)

    it("sets rlimits", function()
      local limits = {
        { type = "RLIMIT_NOFILE", soft = 100, hard = 200 },
        { type = "RLIMIT_CORE", soft = 0, hard = 0 },
      }
      assert.equal("100 200 0\n", (run({ rlimits = limits }, "echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -c)")))
      assert.same(limits, { table.unpack(spec_of({ rlimits = limits }).process.rlimits) })
      refuses("invalid_argument", { rlimits = { { type = "RLIMIT_NOFIL", soft = 1, hard = 1 } } }, "RLIMIT_NOFILE")
      refuses("invalid_argument", { rlimits = { { type = "RLIMIT_CORE", soft = 2, hard = 1 } } }, "soft <= hard")
    end)

    it("sets oom_score_adj", function()
      assert.equal("500\n", (run({ oom_score_adj = 500 }, "cat /proc/self/oom_score_adj")))
      assert.equal(0, spec_of({ oom_score_adj = 0 }).process.oomScoreAdj)
      refuses("invalid_argument", { oom_score_adj = 1001 }, "oom_score_adj")
      misuse({ oom_score_adj = "high" }, '"oom_score_adj": integer expected')
    end)

    it("lets privileges be gained when no_new_privileges is false", function()
      assert.equal("NoNewPrivs:\t0\n", (run({ no_new_privileges = false }, "grep NoNewPrivs /proc/self/status")))
      assert.equal("NoNewPrivs:\t1\n", (run({}, "grep NoNewPrivs /proc/self/status")))
      assert_as_ctr("--allow-new-privs", { no_new_privileges = false })
      misuse({ no_new_privileges = "no" }, '"no_new_privileges": boolean expected')
    end)

    it("names labels and profiles of security modules", function()
      assert.equal("system_u:system_r:t:s0", spec_of({ selinux_label = "system_u:system_r:t:s0" }).process.selinuxLabel)
      assert_as_ctr("--apparmor-profile mine", { apparmor = "mine" })
      misuse({ selinux_label = 1 }, '"selinux_label": string expected')
      misuse({ apparmor = {} }, '"apparmor": string expected')
    end)
  end)

  describe("identity", function()
    it("sets domainname", function()
      assert.equal("example.com", spec_of({ domainname = "example.com" }).domainname)
      refuses("invalid_argument", { domainname = ("x"):rep(65) }, "domainname")
    end)

    it("sets annotations", function()
      assert_as_ctr("--annotation com.example=yes", { annotations = { ["com.example"] = "yes" } })
      misuse({ annotations = { a = 1 } }, '"annotations": string expected for "a"')
    end)

    it("puts the container into a cgroup", function()
      local cgroup = "/" .. namespace .. "/elsewhere"
      assert.matches(cgroup .. "\n", (run({ cgroup = cgroup }, "cat /proc/self/cgroup")), 1, true)
      assert.equal(cgroup, spec_of({ cgroup = cgroup }).linux.cgroupsPath)
      refuses("invalid_argument", { cgroup = "relative" }, "cgroup")
    end)

    it("shares, joins and makes namespaces", function()
      local function ours(kind) return lab.sh("readlink /proc/self/ns/" .. kind) end
      local look = "readlink /proc/self/ns/net"
      assert.equal(ours "net", (run({ namespaces = { network = "host" } }, look)))
      assert.equal(ours "net", (run({ namespaces = { network = false } }, look)))
      assert.not_equal(ours "net", (run({}, look)))
      local path = ("/proc/%d/ns/ipc"):format(lab.pid())
      assert.equal(ours "ipc", (run({ namespaces = { ipc = path } }, "readlink /proc/self/ns/ipc")))
      assert.not_equal(ours "cgroup", (run({ namespaces = { cgroup = true } }, "readlink /proc/self/ns/cgroup")))
      assert_as_ctr("--with-ns ipc:" .. path, { namespaces = { ipc = path } })
      refuses("invalid_argument", { namespaces = { net = "host" } }, 'namespaces: unknown "net"')
      refuses("invalid_argument", { namespaces = { networt = "host" } }, 'did you mean "network"')
      refuses("invalid_argument", { namespaces = { network = "bridge" } }, "namespaces: network")
    end)

    it("makes a user namespace with its maps", function()
      local opts = { uid_maps = { "0:1000:10" }, gid_maps = { { containerID = 0, hostID = 2000, size = 20 } } }
      local linux = spec_of(opts).linux
      assert.same({ containerID = 0, hostID = 1000, size = 10 }, linux.uidMappings[1])
      assert.same({ containerID = 0, hostID = 2000, size = 20 }, linux.gidMappings[1])
      assert.same({ type = "user" }, linux.namespaces[#linux.namespaces])
      refuses("invalid_argument", { uid_maps = { "0:1000:10" } }, "uid_maps and gid_maps")
      refuses("invalid_argument", { uid_maps = { "0:1000" }, gid_maps = { "0:0:1" } }, "uid_maps: map 1")
      refuses("invalid_argument", { uid_maps = { "0:0:1" }, gid_maps = { "0:0:0" } }, "gid_maps: map 1")
    end)
  end)

  describe("filesystem", function()
    it("mounts tmpfs", function()
      local output = run({ tmpfs = { "/a:size=1m,mode=1777", "/b" } }, "grep -E ' /[ab] ' /proc/mounts")
      assert.matches("tmpfs /a tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k", output)
      assert.matches("tmpfs /b tmpfs rw,nosuid", output)
      refuses("invalid_argument", { tmpfs = "here" }, "tmpfs")
    end)

    it("masks paths and makes them read-only", function()
      local output = run({ masked_paths = { "/etc/passwd" }, readonly_paths = "/root" },
        "wc -c </etc/passwd; touch /root/x; grep -q ' /proc/sys ' /proc/mounts || echo writable")
      assert.matches("^0\n.*/root/x: Read%-only file system\nwritable\n", output)
      local linux = spec_of({ masked_paths = {}, readonly_paths = {} }).linux
      assert.equal(0, #linux.maskedPaths + #linux.readonlyPaths)
      refuses("invalid_argument", { masked_paths = { "etc" } }, "masked_paths")
      refuses("invalid_argument", { readonly_paths = { "etc" } }, "readonly_paths")
    end)

    it("sets the root's propagation", function()
      for _, word in ipairs { "private", "rslave", "shared" } do
        assert.equal(word, spec_of({ rootfs_propagation = word }).linux.rootfsPropagation)
        assert.equal("ran\n", (run({ rootfs_propagation = word }, "echo ran")))
      end
      assert_as_ctr("--rootfs-propagation slave", { rootfs_propagation = "slave" })
      refuses("invalid_argument", { rootfs_propagation = "shard" }, 'did you mean "shared"')
    end)
  end)

  describe("privileges", function()
    it("has the privileges that ctr's flag gives", function()
      assert_as_ctr("--privileged", { privileged = true })
      assert.same({ { allow = true, access = "rwm" } },
        { spec_of({ privileged = true }).linux.resources.devices[1] })
      local output = run({ privileged = true }, "grep CapEff /proc/self/status; test -c /dev/loop-control && echo loop;"
        .. " grep -o 'sysfs rw' /proc/mounts")
      assert.not_matches("CapEff:%s*00000000a80425fb", output)
      assert.matches("\nloop\nsysfs rw\n", output)
      local masked = spec_of({ privileged = true, masked_paths = "/proc/kcore" }).linux.maskedPaths
      assert.same({ "/proc/kcore" }, { table.unpack(masked) })
      misuse({ privileged = 1 }, '"privileged": boolean expected')
    end)

    it("gives a set of capabilities and no others", function()
      local caps = spec_of({ capabilities = { "kill", "CAP_CHOWN" }, cap_add = "NET_RAW" }).process.capabilities
      assert.same({ "CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW" }, { table.unpack(caps.bounding) })
      assert.equal("CapBnd:\t0000000000000000\n", (run({ capabilities = {} }, "grep CapBnd /proc/self/status")))
      refuses("invalid_argument", { capabilities = { "KIL" } }, 'capabilities: .*did you mean "KILL"')
    end)

    it("has the Go client's seccomp profile", function()
      if daemon.version == "2.1" then
        for _, caps in ipairs { {}, { "CAP_SYS_ADMIN" }, { "CAP_SYS_TIME", "CAP_SYSLOG", "CAP_BPF" } } do
          local flags = "--seccomp"
          for _, cap in ipairs(caps) do flags = flags .. " --cap-add " .. cap end
          assert.same(spec_of_ctr(flags).linux.seccomp, spec_of({ seccomp = "default", cap_add = caps }).linux.seccomp)
        end
        assert.same(spec_of_ctr("--seccomp --cap-drop CAP_SYS_CHROOT").linux.seccomp,
          spec_of({ seccomp = "default", cap_drop = "SYS_CHROOT" }).linux.seccomp)
      end
      local look = "grep Seccomp: /proc/self/status; unshare -U true && echo unshared"
      assert.not_matches("unshared", (run({ seccomp = "default" }, look)))
      assert.matches("Seccomp:\t2\n", (run({ seccomp = "default" }, look)))
      assert.matches("Seccomp:\t0\n", (run({ seccomp = "unconfined" }, look)))
    end)

    it("takes a seccomp profile of the user's", function()
      local path = write("profile.json", '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": '
        .. '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}')
      assert.matches("Operation not permitted", (run({ seccomp = path }, "mkdir /x")))
      refuses("not_found", { seccomp = directory .. "/absent.json" }, "seccomp: .*/absent.json")
      refuses("invalid_argument", { seccomp = write("broken.json", "{") }, "seccomp: .*/broken.json")
      refuses("invalid_argument", { seccomp = write("other.json", "{}") }, "defaultAction")
      refuses("invalid_argument", { seccomp = "defualt" }, "seccomp")
    end)

    it("gives devices with rules", function()
      local output = run({ devices = { "/dev/full", "/dev/zero:/dev/nought:r" } },
        "ls -l /dev/nought; head -c 3 /dev/nought | wc -c")
      assert.matches("crw%-rw%-rw%-.* 1, +5 .*/dev/nought\n3\n", output)
      local linux = spec_of({ devices = { "/dev/zero:/dev/nought:r" } }).linux
      assert.same({ allow = true, type = "c", major = 1, minor = 5, access = "r" }, linux.resources.devices[2])
      assert_as_ctr("--device /dev/full --device /dev/net", { devices = { "/dev/full", "/dev/net" } })
      local device = { path = "/dev/x", type = "c", major = 1, minor = 9 }
      assert.same(device, spec_of({ devices = { device } }).linux.devices[1])
      refuses("not_found", { devices = { "/dev/absent" } }, "device 1: /dev/absent")
      refuses("invalid_argument", { devices = { "/dev/full:x" } }, "device 1: ")
      refuses("invalid_argument", { devices = { "/etc/passwd" } }, "not a device")
    end)

    it("adds device rules", function()
      local rules = { "c 10:237 rw", "b *:* r", { allow = false, type = "c", major = 1, access = "w" } }
      local devices = spec_of({ device_rules = rules }).linux.resources.devices
      assert.same({ allow = true, type = "c", major = 10, minor = 237, access = "rw" }, devices[2])
      assert.same({ allow = true, type = "b", access = "r" }, devices[3])
      assert.same(rules[3], devices[4])
      local open = "mknod /tmp/d c 10 237 && : </tmp/d && echo opened"
      assert.equal("opened\n", (run({ device_rules = { "c 10:237 rwm" }, tmpfs = "/tmp:dev" }, open)))
      assert.not_matches("opened", (run({ tmpfs = "/tmp:dev" }, open)))
      refuses("invalid_argument", { device_rules = { "c 1:3" } }, "device_rules: rule 1")
    end)

    it("sets sysctls", function()
      local key = "net.ipv4.ip_unprivileged_port_start"
      assert.equal("80\n", (run({ sysctls = { [key] = 80 } }, "cat /proc/sys/" .. key:gsub("%.", "/"))))
      assert.equal("80", spec_of({ sysctls = { [key] = "80" } }).linux.sysctl[key])
      refuses("invalid_argument", { sysctls = { nothing = "1" } }, "sysctls")
      misuse({ sysctls = { "a" } }, '"sysctls": table by names')
    end)
  end)

  describe("resources", function()
    -- A file of the container's cgroup, under cgroup version 1 or 2.
    local v2 = io.open "/sys/fs/cgroup/cgroup.controllers"
    local function cgroup(controller, file)
      return ("%s%s/%s/run/%s"):format("/sys/fs/cgroup", v2 and "" or "/" .. controller, namespace, file)
    end

    local function value(opts, controller, v1_file, v2_file)
      local text
      run(opts, "true", function() text = lab.sh("cat " .. cgroup(controller, v2 and v2_file or v1_file)) end)
      return text
    end

    it("reaches the spec", function()
      local resources = spec_of({
        memory = "64M", memory_swap = "128M", memory_reservation = "32M", cpu_shares = 512, cpu_quota = 20000,
        cpu_period = 50000, cpuset = "0", cpuset_mems = "0", blkio_weight = 300, hugepages = { ["2MB"] = "4M" },
        cgroup_v2 = { ["memory.high"] = "67108864" },
      }).linux.resources
      assert.same({ limit = 2 ^ 26, swap = 2 ^ 27, reservation = 2 ^ 25 }, resources.memory)
      assert.same({ shares = 512, quota = 20000, period = 50000, cpus = "0", mems = "0" }, resources.cpu)
      assert.equal(300, resources.blockIO.weight)
      assert.same({ pageSize = "2MB", limit = 4 * 2 ^ 20 }, resources.hugepageLimits[1])
      assert.same({ ["memory.high"] = "67108864" }, resources.unified)
      assert.equal(-1, spec_of({ memory_swap = -1 }).linux.resources.memory.swap)
      assert.equal(-1, spec_of({ cpu_quota = -1 }).linux.resources.cpu.quota)
    end)

    it("is as ctr's flags make it", function()
      assert_as_ctr("--cpu-quota 20000 --cpu-period 50000", { cpu_quota = 20000, cpu_period = 50000 })
      assert_as_ctr("--memory-limit 67108864", { memory = "64M" })
      assert_as_ctr("--rdt-class gold", { rdt_class = "gold" })
    end)

    it("reaches the cgroup", function()
      assert.equal("33554432\n", value({ memory = "64M", memory_reservation = "32M" }, "memory",
        "memory.soft_limit_in_bytes", "memory.low"))
      assert.equal(v2 and "20\n" or "512\n", value({ cpu_shares = 512 }, "cpu", "cpu.shares", "cpu.weight"))
      assert.equal(v2 and "20000 50000\n" or "20000\n",
        value({ cpu_quota = 20000, cpu_period = 50000 }, "cpu", "cpu.cfs_quota_us", "cpu.max"))
      assert.equal(v2 and "20000 50000\n" or "50000\n",
        value({ cpu_quota = 20000, cpu_period = 50000 }, "cpu", "cpu.cfs_period_us", "cpu.max"))
      assert.equal("0\n", value({ cpuset = "0" }, "cpuset", "cpuset.cpus", "cpuset.cpus"))
      assert.equal("0\n", value({ cpuset_mems = "0" }, "cpuset", "cpuset.mems", "cpuset.mems"))
    end)

    it("refuses what makes no sense", function()
      refuses("invalid_argument", { memory = "64M", memory_swap = "32M" }, "memory_swap")
      refuses("invalid_argument", { memory = "64M", memory_reservation = "128M" }, "memory_reservation")
      refuses("invalid_argument", { cpu_shares = 1 }, "cpu_shares")
      refuses("invalid_argument", { cpu_quota = 10 }, "cpu_quota")
      refuses("invalid_argument", { cpu_period = 10 }, "cpu_period")
      refuses("invalid_argument", { cpus = 1, cpu_quota = 20000 }, "cpus")
      refuses("invalid_argument", { cpuset = "a" }, "cpuset")
      refuses("invalid_argument", { cpuset_mems = "" }, "cpuset_mems")
      refuses("invalid_argument", { blkio_weight = 5 }, "blkio_weight")
      refuses("invalid_argument", { hugepages = { big = 1 } }, "hugepages")
      refuses("invalid_argument", { rdt_class = "a/b" }, "rdt_class")
      refuses("invalid_argument", { cgroup_v2 = { high = "1" } }, "cgroup_v2")
      misuse({ memory_swap = -2 }, '"memory_swap": size')
      misuse({ cpu_quota = 0 }, '"cpu_quota": integer other than 0')
      misuse({ hugepages = { ["2MB"] = "x" } }, '"hugepages": size')
    end)
  end)
end)
