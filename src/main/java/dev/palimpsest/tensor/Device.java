package dev.palimpsest.tensor;

import org.bytedeco.pytorch.global.torch;

/** Where tensors live and are computed on. */
public enum Device {
  CPU("cpu"),
  CUDA("cuda"),
  /**
   * Nowhere: tensors have shapes and no elements. What is computed on them shows that all of it
   * would lie on one device.
   */
  META("meta");

  private final String name;

  Device(String name) {
    this.name = name;
  }

  /** The fastest device that this build of libtorch sees. */
  public static Device best() {
    return Best.FOUND;
  }

  /** Looked for once. */
  private static final class Best {
    static final Device FOUND;

    static {
      Native.load(); // before anything of JavaCPP's
      FOUND = torch.cuda_is_available() ? CUDA : CPU;
    }
  }

  /** Whether it multiplies in bf16 faster than in fp32. */
  public boolean hasBf16() {
    return this != CPU || Cpu.hasBf16();
  }

  static Device of(org.bytedeco.pytorch.Tensor tensor) {
    return tensor.is_cpu() ? CPU : tensor.is_cuda() ? CUDA : META;
  }

  org.bytedeco.pytorch.Device handle() {
    return new org.bytedeco.pytorch.Device(name);
  }
}
