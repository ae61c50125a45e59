/* SPDX-License-Identifier: ISC */
/* The least that a tender with KVM can do: a machine, a processor, a slot of memory; then the end. The floor that jinn-hvt's
 * start is compared with. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int main(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    int cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    uint64_t bytes = 2 << 20;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region slot = {.memory_size = bytes, .userspace_addr = (uintptr_t)memory};
    return kvm < 0 || vm < 0 || cpu < 0 || memory == MAP_FAILED || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot) != 0;
}
