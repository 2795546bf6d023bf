package dev.palimpsest.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuTest {
  /** A JVM that was not asked for the module. */
  @Test
  void hasVectors_whereTheJdksPackageIsExported_isAsIfTheModuleHadBeenAskedFor()
      throws IOException {
    assertThat(said("--add-exports", "java.base/jdk.internal.module=ALL-UNNAMED"))
        .isEqualTo(Cpu.hasVectors() + " " + VectorAttention.isThere());
    assertThat(said("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED"))
        .isEqualTo("false false");
  }

  private static String said(String... flags) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), CpuTest.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var output = process.inputReader()) {
      return String.join("\n", output.readAllLines());
    }
  }

  /** What the other JVM does. */
  public static void main(String[] args) {
    System.out.println(Cpu.hasVectors() + " " + VectorAttention.isThere());
  }
}
