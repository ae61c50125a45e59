/* SPDX-License-Identifier: ISC */
/* lwIP as a server of small responses would be set up: no operating system, IPv4 and TCP only, room for a thousand
 * connections, checksums in software as Jinn has them without offloads. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_UDP 0
#define LWIP_STATS 0
#define LWIP_TIMEVAL_PRIVATE 0

#define MEM_ALIGNMENT 8
#define MEM_SIZE (4 << 20)
#define MEMP_NUM_TCP_PCB 1200
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG 8192
#define MEMP_NUM_PBUF 8192
#define PBUF_POOL_SIZE 2048
#define PBUF_POOL_BUFSIZE 1600

#define TCP_MSS 1460
#define TCP_WND (16 * TCP_MSS)
#define TCP_SND_BUF (16 * TCP_MSS)
#define TCP_SND_QUEUELEN 64
#define TCP_LISTEN_BACKLOG 0
#define LWIP_TCP_TIMESTAMPS 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_CHKSUM_ALGORITHM 3
#define LWIP_NETIF_TX_SINGLE_PBUF 0

#endif
