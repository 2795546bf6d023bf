package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ScopeTest {
  private static final long MEGABYTE = 1 << 20;
  private static final long PAGE = 4096;

  @Test
  @EnabledOnOs(OS.LINUX)
  void close_manyLargeTensors_givesTheirMemoryBack() throws IOException {
    allocate(3);
    long before = residentBytes();

    allocate(200);

    // the allocator may hold a few back; kept, they would be at least 5 GB
    assertThat(residentBytes() - before).isLessThan(500 * MEGABYTE);
  }

  /** 50 MB each, through an operation and in place, as training does. */
  private static void allocate(int times) {
    for (int i = 0; i < times; i++) {
      try (Scope _ = Scope.open()) {
        Tensor kept;
        try (Scope inner = Scope.open()) {
          kept = inner.keep(Tensor.zeros(DType.F32, 25 * MEGABYTE / 4).plusInPlace(1));
        }
        assertThat(kept.times(2).segment().get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(2);
      }
    }
  }

  private static long residentBytes() throws IOException {
    return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * PAGE;
  }

  @Test
  void close_tensorOfTheScope_isFreed() {
    Tensor tensor;
    try (Scope _ = Scope.open()) {
      tensor = Tensor.of(new float[] {1, 2}, 2);
    }

    assertThatThrownBy(tensor::count).isInstanceOf(NullPointerException.class);
  }

  @Test
  void keep_insideAnotherScope_livesUntilThatCloses() {
    Tensor tensor;
    try (Scope _ = Scope.open()) {
      try (Scope inner = Scope.open()) {
        tensor = inner.keep(Tensor.of(new float[] {1, 2}, 2));
      }
      assertThat(tensor.floats()).containsExactly(1, 2);
    }

    assertThatThrownBy(tensor::count).isInstanceOf(NullPointerException.class);
  }

  @Test
  void keep_twoScopesUp_livesUntilTheOutermostCloses() {
    try (Scope _ = Scope.open()) {
      Tensor tensor;
      try (Scope middle = Scope.open()) {
        try (Scope inner = Scope.open()) {
          tensor = inner.keep(Tensor.of(new float[] {1, 2}, 2));
        }
        middle.keep(tensor);
      }
      assertThat(tensor.floats()).containsExactly(1, 2);
    }
  }

  @Test
  void release_insideAnotherScope_livesUntilClosed() {
    Tensor tensor;
    try (Scope _ = Scope.open()) {
      try (Scope inner = Scope.open()) {
        tensor = inner.release(Tensor.of(new float[] {1, 2}, 2));
      }
    }
    assertThat(tensor.floats()).containsExactly(1, 2);

    tensor.close();

    assertThatThrownBy(tensor::count).isInstanceOf(NullPointerException.class);
  }

  @Test
  void keep_withoutAnotherScope_livesUntilClosed() {
    Tensor tensor;
    try (Scope scope = Scope.open()) {
      tensor = scope.keep(Tensor.of(new float[] {1, 2}, 2));
    }
    assertThat(tensor.floats()).containsExactly(1, 2);

    tensor.close();

    assertThatThrownBy(tensor::count).isInstanceOf(NullPointerException.class);
  }

  @Test
  void close_viewOfAReleasedTensor_leavesItsElements() {
    Tensor tensor;
    try (Scope scope = Scope.open()) {
      tensor = scope.release(Tensor.of(new float[] {1, 2, 3, 4}, 4));
      tensor.narrow(0, 1, 2).timesInPlace(10);
    }

    assertThat(tensor.floats()).containsExactly(1, 20, 30, 4);
    tensor.close();
  }
}
