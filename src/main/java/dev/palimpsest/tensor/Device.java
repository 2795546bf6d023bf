package dev.palimpsest.tensor;

import org.bytedeco.pytorch.global.torch;

/** Where tensors live and are computed on. */
public enum Device {
  CPU("cpu"),
  CUDA("cuda");

  private final String name;

  Device(String name) {
    this.name = name;
  }

  /** The fastest device that this build of libtorch sees. */
  public static Device best() {
    Native.load();
    return torch.cuda_is_available() ? CUDA : CPU;
  }

  org.bytedeco.pytorch.Device handle() {
    return new org.bytedeco.pytorch.Device(name);
  }
}
