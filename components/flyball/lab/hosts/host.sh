# Runs one host in a mount namespace of its own, so that all its mounts go with it.
# Arguments: name, folder of the host, roots that it lies over with colons between them, network namespace, cgroup, and
# any number of path=size for small disks.
set -eu
name=$1 folder=$2 below=$3 network=$4 cgroup=$5
shift 5

# Every hierarchy that systemd in the host will want to manage.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -e "$hierarchy/cgroup.procs" ]; then
    mkdir -p "$hierarchy/$cgroup"
    echo $$ > "$hierarchy/$cgroup/cgroup.procs"
  fi
done

mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/nspawn
mount -t overlay -o "lowerdir=$below,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/root"
number=0
for disk; do
  number=$((number + 1))
  mkdir -p "$folder/disk$number"
  mount -t tmpfs -o "size=${disk#*=},mode=755" disk "$folder/disk$number"
  set -- "$@" "--bind=$folder/disk$number:${disk%%=*}"
  shift
done

# 133 is how nspawn says that the host rebooted.
code=133
while [ "$code" = 133 ]; do
  code=0
  systemd-nspawn --quiet --directory="$folder/root" --boot --register=no --keep-unit --machine="$name" --hostname="$name" \
    --network-namespace-path="/run/netns/$network" --resolv-conf=off --timezone=off --link-journal=no --console=pipe \
    "$@" || code=$?
done
exit "$code"
