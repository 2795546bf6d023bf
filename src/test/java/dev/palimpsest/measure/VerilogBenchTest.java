package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class VerilogBenchTest {
  private static final String BENCH =
      """
      module tb;
        reg a, b; wire y;
        integer errors = 0;
        dut d(.a(a), .b(b), .y(y));
        initial begin
          for (integer i = 0; i < 4; i = i + 1) begin
            {a, b} = i; #1;
            if (y !== (a & b)) errors = errors + 1;
          end
          $display("errors: %0d", errors);
          $finish;
        end
      endmodule
      """;
  private static final String AND =
      "module dut(input a, input b, output y);\n  assign y = a & b;\nendmodule\n";

  private static Grader grader(double timeout, double megabytes) {
    ObjectNode metric = Json.mapper().createObjectNode().put("name", "verilog");
    metric.put("test", BENCH).put("pass", "^errors: 0$").put("top", "tb");
    metric.put("timeout", timeout).put("memory_mb", megabytes);
    return Grader.of(Metric.parse(metric, "test"), Path.of("."), "here");
  }

  private static void needsCompiler() {
    assumeTrue(grader(10, 512).unavailable().isEmpty(), "iverilog is not installed");
  }

  private static List<Path> left() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("palimpsest-grade"))
          .toList();
    }
  }

  @Test
  void answer_isCompiledAndRunAgainstItsBench() throws IOException {
    needsCompiler();
    List<Path> before = left();
    Grader grader = grader(20, 512);
    grader.check(AND);
    assertThat(grader.right(AND, "Here it is:\n```verilog\n" + AND + "```\nDone.")).isTrue();
    assertThat(grader.right(AND, AND.replace('&', '|'))).isFalse();
    assertThat(grader.right(AND, AND.replace("endmodule", ""))).isFalse();
    assertThat(grader.right(AND, "")).isFalse();
    assertThatThrownBy(() -> grader.check(AND.replace('&', '|')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not pass its own test: the output has no match of ^errors: 0$");
    assertThat(left()).containsExactlyInAnyOrderElementsOf(before);
  }

  @Test
  void answer_thatNeverEndsOrTakesTooMuch_isWrongAndLeavesNothing() throws IOException {
    needsCompiler();
    List<Path> before = left();
    String endless = AND.replace("assign", "reg z = 0; initial while (1) z = ~z;\n  assign");
    assertThat(grader(1, 512).right(AND, endless)).isFalse();
    String large =
        AND.replace("assign", "reg [1023:0] m [0:4194303];\n  initial m[b] = {1024{a}};\n  assign");
    assertThat(grader(20, 64).right(AND, large)).isFalse();
    assertThat(left()).containsExactlyInAnyOrderElementsOf(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "initial $system(\"touch x\");",
        "initial $ display(\"errors: 0\");",
        "integer f = $fopen(\"x\");",
        "`include \"/etc/passwd\"",
        "`define X display\ninitial $`X(\"errors: 0\");",
        "`define T(x) f``x",
        "initial $finish;",
        "import \"DPI-C\" function int f();"
      })
  void answer_thatReachesOutOfItsModule_isWrong(String text) {
    assertThat(VerilogBench.harmless(AND.replace("assign", text + "\n  assign"))).isFalse();
  }

  @Test
  void answer_thatUsesPureFunctions_isHarmless() {
    assertThat(VerilogBench.harmless("assign y = $signed(a) + $clog2(8); int q[$]; z = q[$];"))
        .isTrue();
  }

  @Test
  void programsThatAreMissing_areNamed(@TempDir Path folder) throws IOException {
    for (String name : List.of("sh", "iverilog")) {
      Path file = Files.createFile(folder.resolve(name));
      assertThat(file.toFile().setExecutable(true)).isTrue();
    }
    assertThat(VerilogBench.missing(folder.toString())).contains("vvp is not installed");
    assertThat(VerilogBench.missing("")).contains("sh is not installed");
  }

  @Test
  void metric_withoutABenchOrAPattern_isRefused() {
    assertThatThrownBy(
            () ->
                Grader.of(
                    Metric.parse(
                        Json.parse("{\"name\": \"verilog\", \"test\": \"x\"}", "test"), "test"),
                    Path.of("."),
                    "here"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("it needs a test");
  }
}
