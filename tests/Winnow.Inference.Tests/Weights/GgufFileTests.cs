using System.Text;
using CsCheck;
using Winnow.Inference.Weights;

namespace Winnow.Inference.Tests.Weights;

public sealed class GgufFileTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Tensors_and_metadata_are_read(int version)
    {
        var file = GgufFile.Read(Sample(version));
        Assert.Equal("mobilenet", file.Metadata["general.architecture"]);
        Assert.Equal("0.5", file.Metadata["eps"]);
        Assert.Equal("1,2,3", file.Metadata["list"]);
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], file.Tensor("a", 3, 2).Values);
        Assert.Equal([0.5f, -2f], file.Tensor("b", 2).Values);
        Assert.Equal(2, file.Tensors.Count);
    }

    [Fact]
    public void Missing_and_misshapen_tensors_are_named()
    {
        var file = GgufFile.Read(Sample(3));
        Assert.Contains("\"c\"", Assert.Throws<InvalidDataException>(() => file.Tensor("c", 1)).Message);
        Assert.Contains("[3, 2]", Assert.Throws<InvalidDataException>(() => file.Tensor("a", 2, 3)).Message);
        Assert.Throws<InvalidDataException>(() => MobileNetV3Small.ToOnnx(file));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var whole = Sample(3);
        for (var length = 0; length < whole.Length; length++)
            Assert.Throws<InvalidDataException>(() => GgufFile.Read(whole.AsSpan(0, length)));
    }

    [Fact]
    public void Damaged_files_give_InvalidDataException_or_values_but_nothing_else()
    {
        var whole = Sample(3);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, 7], Gen.Int[0, whole.Length - 1], Gen.Byte).Sample(
            (at, bit, second, value) =>
            {
                var damaged = (byte[])whole.Clone();
                damaged[at] ^= (byte)(1 << bit);
                damaged[second] = value;
                try
                {
                    Assert.InRange(GgufFile.Read(damaged).Tensors.Count, 0, 2);
                }
                catch (InvalidDataException refused)
                {
                    Assert.NotEmpty(refused.Message);
                }
            },
            iter: 5_000);
    }

    [Fact]
    public void Huge_counts_are_refused_before_they_size_anything()
    {
        byte[] file = [.. "GGUF"u8, 3, 0, 0, 0, .. BitConverter.GetBytes(ulong.MaxValue), .. BitConverter.GetBytes(0UL)];
        Assert.Contains("tensor count", Assert.Throws<InvalidDataException>(() => GgufFile.Read(file)).Message);
    }

    private static byte[] Sample(int version)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        void Text(string value)
        {
            writer.Write((ulong)value.Length);
            writer.Write(Encoding.ASCII.GetBytes(value));
        }
        writer.Write("GGUF"u8);
        writer.Write(version);
        writer.Write(2UL);
        writer.Write(3UL);
        Text("general.architecture");
        writer.Write(8);
        Text("mobilenet");
        Text("eps");
        writer.Write(6);
        writer.Write(0.5f);
        Text("list");
        writer.Write(9);
        writer.Write(4);
        writer.Write(3UL);
        for (var i = 1; i <= 3; i++)
            writer.Write(i);
        Text("a");
        writer.Write(2);
        writer.Write(2UL);
        writer.Write(3UL);
        writer.Write(0);
        writer.Write(0UL);
        Text("b");
        writer.Write(1);
        writer.Write(2UL);
        writer.Write(1);
        writer.Write(32UL);
        while (stream.Position % 32 != 0)
            writer.Write((byte)0);
        for (var i = 1; i <= 6; i++)
            writer.Write((float)i);
        writer.Write(0UL);
        writer.Write((Half)0.5f);
        writer.Write((Half)(-2f));
        return stream.ToArray();
    }
}
