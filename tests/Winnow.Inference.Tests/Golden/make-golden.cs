#:package Microsoft.ML.OnnxRuntime
#:property RootNamespace=Winnow.Inference.Tests.Golden
#:property NoWarn=$(NoWarn);CS1591;CA1305

// Writes embeddings.bin; see README.md in this folder. dotnet run make-golden.cs -- oracle.onnx cat embeddings.bin
using Microsoft.ML.OnnxRuntime;

using var session = new InferenceSession(args[0]);
using var run = new RunOptions();
using var output = new BinaryWriter(File.Create(args[2]));
for (var index = 0; index < 8; index++)
{
    using var input = OrtValue.CreateTensorValueFromMemory(Make(index), [1, 3, 160, 160]);
    using var results = session.Run(run, ["input"], [input], [args[1]]);
    foreach (var value in results[0].GetTensorDataAsSpan<float>())
        output.Write(value);
}

// The same as SeededInputs.Make, which the test uses.
static float[] Make(int index)
{
    var values = new float[3 * 160 * 160];
    var state = 0x9E3779B97F4A7C15UL * (ulong)(index + 1);
    for (var i = 0; i < values.Length; i++)
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        var noise = (int)((z ^ (z >> 31)) & 1023) - 512;
        var (x, y) = (i % 160, i / 160 % 160);
        var stripes = (((x * (index + 1)) + (y * (8 - index))) % 256) - 128;
        values[i] = ((stripes * 8) + noise) / 768f;
    }
    return values;
}
