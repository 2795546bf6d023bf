package dev.palimpsest.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** What the processor can do, where the operating system tells it. */
public final class Cpu {
  private static final Set<String> FLAGS = flags(Path.of("/proc/cpuinfo"));

  private Cpu() {}

  /** Whether bf16 products run on the processor's own instructions. */
  public static boolean hasBf16() {
    return FLAGS.contains("avx512_bf16") || FLAGS.contains("amx_bf16");
  }

  /** Whether fp32 products run on vectors of 256 bits or more. */
  static boolean hasAvx2() {
    return FLAGS.contains("avx2");
  }

  /** Whether libtorch's own choice of oneDNN for fp32 products holds here. */
  static boolean hasAvx512() {
    return FLAGS.containsAll(Set.of("avx512bw", "avx512vl", "avx512dq"));
  }

  /** Whether this JVM has the module of vectors, and they have 256 bits or more. */
  static boolean hasVectors() {
    return Vectors.ARE_THERE;
  }

  /** The module is asked for when somebody needs it. */
  private static final class Vectors {
    private static final String MODULE = "jdk.incubator.vector";
    private static final boolean ARE_THERE =
        hasAvx2() && (ModuleLayer.boot().findModule(MODULE).isPresent() || load());

    /**
     * As the JDK loads a module for an agent, where this JVM lets us: asked for on the command
     * line, an incubator's module prints a warning at each start.
     */
    private static boolean load() {
      try {
        Class.forName("jdk.internal.module.Modules")
            .getMethod("loadModule", String.class)
            .invoke(null, MODULE);
        return true;
      } catch (ReflectiveOperationException e) {
        return false;
      }
    }
  }

  static boolean hasAmx() {
    return FLAGS.contains("amx_bf16") || FLAGS.contains("amx_tile");
  }

  private static Set<String> flags(Path file) {
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> Set.of(line.substring(line.indexOf(':') + 1).trim().split("\\s+")))
          .orElse(Set.of());
    } catch (IOException e) {
      return Set.of(); // not Linux: assume nothing
    }
  }
}
