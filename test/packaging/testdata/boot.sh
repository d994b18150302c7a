#!/bin/sh
# boot.sh DISK PACKAGE: starts a system that has the files of this one, a service manager of its own, and the package at /given.deb. It is
# the first process of namespaces that the test made: what it mounts goes with them, and what is written is written to memory.
set -e
disk=$1 root=$1/root
mount -t tmpfs tmpfs "$disk"
mkdir -p "$disk/upper/etc" "$disk/work" "$root"
cp "$2" "$disk/upper/given.deb"
: >"$disk/upper/etc/fstab"
mount -t overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" overlay "$root"

mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
for dir in dev run tmp etc/systemd/system home srv; do
	mount -t tmpfs -o mode=0755 tmpfs "$root/$dir"
done
for device in null zero full random urandom tty; do
	touch "$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
chmod 1777 "$root/tmp"
# Of the system's own services only those that ours has to have: neither the kernel's settings nor disks are theirs to touch.
for wants in "$root"/usr/lib/systemd/system/*.wants; do
	mount -t tmpfs tmpfs "$wants"
done
ip link set lo up

cd "$root"
mkdir -p "$disk/upper/old"
pivot_root . old
umount -l /old
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=basic.target --log-target=console --show-status=1
