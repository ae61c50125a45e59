# SPDX-License-Identifier: ISC
#   make proofs   memory safety of the parsers and of reassembly, by the model checker CBMC (proof/README.md)

.PHONY: proofs
proofs:
	@scripts/run-proofs $(PROOFS)
