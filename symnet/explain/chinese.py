"""Simplified Chinese: the terms of Chinese textbooks and of 动手学深度学习 (d2l-zh).

Keys are what the derivation says in English; ``{name}`` is carried over, ``{name:prose}`` is translated in turn and in
``{name:names}`` the "and" is.  The order counts for templates with gaps: the general ones stand last.  Names of
functions (log, relu, where) are names also where a rule is called after them.
"""

from __future__ import annotations

from symnet.explain.phrases import Phrases

PHRASES = Phrases(
    forward="前向传播",
    inner="模型中的导数",
    sought="所求",
    backward="反向传播",
    result="结果",
    facts="用到的已知事实",
    updates="每步之后",
    evaluation="评估时",
    numbers="数值",
    start="起点",
    nothing="没有需要推导的梯度",
    data="数据",
    drawn="每步抽取",
    parameters="参数",
    buffers="缓冲区",
    sizes="大小",
    read="读法",
    numerator="{adjoint} 表示 {derivative}，矩阵形式给出转置 {transposed}（布局：分子布局）",
    reading="{adjoint} 表示 {derivative}，{adjoint} 的形状与 {tensor} 相同（布局：按形状，与 NumPy 和 PyTorch 一致）",
    letters="下标字母",
    over="取遍",
    within="取值",
    define="定义",
    second="二阶",
    step="第 {number} 步",
    origin="来自 {numbers}",
    line="第 {numbers} 行",
    lines="第 {numbers} 行",
    rule="法则",
    rules="法则",
    index="分量",
    matrix="矩阵",
    where="其中",
    note="说明",
    because="因为",
    code="代码",
    seed="随机种子",
    table=("参数", "形状", "分量", "手工推导", "自动微分", "相对误差", "中心差分", "相对误差", "|手工推导|"),
    exact="精确检验",
    colon="：",
    stop="。",
    joint="、",
    document_class="ctexart",
)

TEMPLATES = {
    # How numbers are drawn, explain/outline.py
    "normal, mean {mean}, standard deviation {std}": "正态分布，均值 {mean}，标准差 {std}",
    "uniform in {low}..{high}": "均匀分布于 {low}..{high}",
    "1 with probability {p}, else 0": "以概率 {p} 为 1，否则为 0",
    "0 with probability {p}, else {scale}; mean 1": "以概率 {p} 为 0，否则为 {scale}；均值为 1",
    # Rules of differentiation, explain/rules.py
    "mean": "求均值",
    "sum": "求和",
    "max": "取最大值",
    "power": "幂法则",
    "quotient": "商法则",
    "product": "乘积法则",
    "chain": "链式法则",
    "elementwise": "逐元素",
    "addition": "加法",
    "matmul, left factor": "矩阵乘法的左因子",
    "matmul, right factor": "矩阵乘法的右因子",
    "broadcast forward = sum backward": "前向广播 = 反向求和",
    "gather forward = scatter backward": "前向按标签取出 = 反向按标签加回",
    "each place it was moved to": "对移到的每个位置求和",
    "sum over every place it is used": "对每个用到它的地方求和",
    "product with a constant": "乘以常数",
    "sum over all that it depends on": "对它所依赖的一切求和",
    "the start": "起点",
    "inverse": "逆矩阵",
    "determinant": "行列式",
    "log determinant": "对数行列式",
    "Cholesky factor": "楚列斯基分解因子",
    "eigenvalues": "特征值",
    "eigenvectors": "特征向量",
    "singular values": "奇异值",
    "singular vectors": "奇异向量",
    "matrix exponential": "矩阵指数",
    "pseudo-inverse": "伪逆",
    "product of many": "多个因子之积",
    "a part of the next adjoint": "下一个伴随量的一部分",
    "the adjoint of {function} follows from {source:prose}": "{function} 的伴随公式由{source}得出",
    "the product rule, which divides by no entry": "乘积法则（不除以任何元素）",
    "the adjoint of {function} is that of {source}; it needs {condition:prose}": (
        "{function} 的伴随公式见 {source}；要求：{condition}"
    ),
    "an invertible matrix": "矩阵可逆",
    "a matrix of positive determinant": "行列式为正",
    "a symmetric positive definite matrix": "对称正定矩阵",
    "a symmetric matrix with distinct eigenvalues": "特征值互不相同的对称矩阵",
    "distinct singular values, none 0": "奇异值互不相同且不为 0",
    "a square matrix": "方阵",
    "a matrix whose rank does not change nearby (full rank)": "在附近秩不变的矩阵（满秩）",
    "no path leads to it": "没有路径通向它",
    "the loss itself": "就是损失本身",
    # Derivatives and the usual slips, explain/rules.py
    "relu'(z) = [z > 0], relu'(0) := 0 as PyTorch": "relu'(z) = [z > 0]，relu'(0) := 0，与 PyTorch 一致",
    "leaky_relu'(z) = 1 for z > 0, else the slope; at 0 the slope, as PyTorch": (
        "z > 0 时 leaky_relu'(z) = 1，否则为负半轴斜率；在 0 处取该斜率，与 PyTorch 一致"
    ),
    "abs'(u) = sign(u), abs'(0) := 0 as PyTorch": "abs'(u) = sign(u)，abs'(0) := 0，与 PyTorch 一致",
    "clip'(u) = 1 inside and at the bounds, else 0, as PyTorch": (
        "在区间内及边界上 clip'(u) = 1，否则为 0，与 PyTorch 一致"
    ),
    "huber'(r) = r clipped to ±delta": "huber'(r) 是截断到 ±delta 的 r",
    "at a = b each side gets half, as PyTorch": "a = b 时两边各得一半，与 PyTorch 一致",
    "Φ' = φ, the density of the normal distribution": "Φ' = φ，即正态分布的密度函数",
    "φ(z) = exp(−z²/2)/√(2π), so φ'(z) = −z φ(z)": "φ(z) = exp(−z²/2)/√(2π)，所以 φ'(z) = −z φ(z)",
    "the derivative of the branch that is taken": "取所选分支的导数",
    "power: (uᵏ)' = k uᵏ⁻¹ u'": "幂法则：(uᵏ)' = k uᵏ⁻¹ u'",
    "the 1/{extent} of the mean is most often forgotten": "均值的 1/{extent} 最容易被遗漏",
    "the formula is for a norm > 0; where it is 0 the scripts take 0 for its inverse, as PyTorch does": (
        "公式适用于范数 > 0；范数为 0 处，脚本把其倒数取为 0，与 PyTorch 一致"
    ),
    "equal maxima share the derivative equally": "并列的最大值平分导数",
    "the first maximum takes it all": "导数全部归第一个最大值",
    "no gradient flows through sg(u): it has the value of u, and its derivative is 0": (
        "梯度不通过 sg(u)：它的值等于 u，导数为 0"
    ),
    "the Jacobian is diagonal: elementwise product, not matmul": "雅可比矩阵是对角矩阵：用逐元素乘积，而不是矩阵乘法",
    "a read at a label is undone by an addition at that label: only that place gets a share": (
        "前向按标签取出，反向就在同一标签处加回：只有那个位置得到梯度"
    ),
    "why the transpose: the sum runs over {letter}, the first index of both": (
        "为什么要转置：求和取遍 {letter}，它是两个因子的第一个下标"
    ),
    "why the transpose: the sum runs over {letter}, the last index of both": (
        "为什么要转置：求和取遍 {letter}，它是两个因子的最后一个下标"
    ),
    # Remarks beside formulas, explain/chain.py, inner.py, outline.py, softmax.py
    "δ picks one term": "δ 只选出一项",
    "the derivative of one entry by another is δ": "一个分量对另一个分量的导数是 δ",
    "the loss does not depend on it": "损失不依赖于它",
    "the first derivative does not depend on it": "一阶导数不依赖于它",
    "no output depends on it": "没有任何输出依赖于它",
    "derived below": "推导见下",
    "{entry} depends on {other} alone: {derivative}": "{entry} 只依赖于 {other}：{derivative}",
    "row n is 0 but for a 1 at the label": "第 n 行除标签处为 1 外全为 0",
    "{name} is another tensor of the model": "{name} 是模型中的另一个张量",
    "from the data": "由数据决定",
    "{formula} by rows": "{formula}，按行计算",
    "{formula} by columns": "{formula}，按列计算",
    "step by step: for {letter} = 0, …, {last}": "逐步计算：{letter} = 0, …, {last}",
    "back in time: for {letter} = {last}, …, 0": "沿时间倒推：{letter} = {last}, …, 0",
    "{name} means {derivative}, the indices of {first} first": "{name} 表示 {derivative}，{first} 的下标在前",
    # Rewrites of the simplifier, simplify/rewrites.py and records.py
    "declared fact": "已声明的事实",
    "known sum": "已知的和",
    "known product": "已知的乘积",
    "open the sum": "展开求和",
    "by cases": "分情况",
    "by sides": "按符号",
    "sum in parts": "分部求和",
    "a part of the sum is computed already": "这个和的一部分已经算出",
    "a sum over several axes is the sum of one over some of them, which is computed already": (
        "对多个轴求和，等于对其中一部分轴已算出的和再求和"
    ),
    "cancel": "相消",
    "zero gradient": "梯度为零",
    "the person declared it": "由用户声明",
    "the sum is a tensor that is already there": "这个和就是已有的张量",
    "the product is a tensor that is already there": "这个乘积就是已有的张量",
    "a name in the sum is replaced by its definition, and the parts are sums already known": (
        "把求和中的名称换成它的定义，各部分都是已知的和"
    ),
    "where the condition holds its bracket is 1, else 0": "条件成立时方括号为 1，否则为 0",
    "both are the same below 0, at 0 and above 0": "两者在小于 0、等于 0 和大于 0 时都相同",
    "multiplied out, terms cancel": "乘开之后各项相消",
    "all contributions cancel": "所有贡献相互抵消",
    "a sum over the last axis of a tensor declared one_hot or simplex": (
        "对声明为 one_hot 或 simplex 的张量的最后一个轴求和"
    ),
    "the sum equals the definition of a tensor up to a number and the names of indices": (
        "这个和与某个张量的定义相同，只差一个数或下标的名称"
    ),
    "a tensor is defined as the product, it is computed before, and naming it is cheaper": (
        "某个张量定义为这个乘积，已先算出，而且写成它的名称更省"
    ),
    "the parts are cheaper together, and no difference becomes terms of both signs": (
        "各部分合起来更省，而且没有把差展开成正负两种项"
    ),
    "the terms depend on the sign of one number, or are a logistic and its half, and fewer say the same": (
        "各项取决于一个数的符号，或是逻辑函数与其一半，而更少的项表示同样的值"
    ),
    "the terms depend on one condition, and a choice between two cases is cheaper": (
        "各项取决于同一个条件，而且分两种情况选择更省"
    ),
    "another formula has the sum over some of the axes": "另一个式子中已有对其中一部分轴的和",
    "a whole power of a sum of terms, and what is left is cheaper": "多项之和的整数次幂，而且剩下的更省",
    "no term is left of the gradient": "梯度中没有剩下任何一项",
    "the sum is {name}": "这个和就是 {name}",
    "the product is {name}": "这个乘积就是 {name}",
    "the loss does not change with {name}: all contributions cancel": "损失不随 {name} 变化：所有贡献相互抵消",
    (
        "the loss does not change with {name}, which adds the same to {raised:names} for every {letter}: "
        "{unmoved} stays as it is"
    ): ("损失不随 {name} 变化：它给 {raised} 在每个 {letter} 处加上同一个数，而 {unmoved} 保持不变"),
    "the loss does not change with {name}, which adds the same to {raised:names} for every {letter}": (
        "损失不随 {name} 变化：它给 {raised} 在每个 {letter} 处加上同一个数"
    ),
    "all contributions to {name} cancel": "对 {name} 的所有贡献相互抵消",
    "{name} is declared {fact}": "{name} 声明为 {fact}",
    "from the definition of {defined:names}: {new} terms instead of {old}": (
        "由 {defined} 的定义得出：只有 {new} 项，而不是 {old} 项"
    ),
    "from the definition of {defined:names}": "由 {defined} 的定义得出",
    "multiplied out": "乘开",
    "by the definition of {name}": "由 {name} 的定义得出",
    " and ": " 与 ",
    # The numbers, verify/numbers.py, rational.py, differences.py, oracle.py
    "equal as fractions": "作为分数完全相等",
    "equal to {digits} digits": "{digits} 位数字相等",
    "the simplified gradient differs from that of the one rule": "化简后的梯度与链式法则直接给出的梯度不同",
    "the gradient is not the slope of the loss along a random direction": "梯度不等于损失沿随机方向的斜率",
    "the loss has a pole at most of the points": "损失在大多数点上有极点",
    "the power {exponent} of a fraction": "分数的 {exponent} 次幂",
    "{value} is not a rational number": "{value} 不是有理数",
    "{function} has no value in {arithmetic} arithmetic": "{function} 在 {arithmetic} 算术中没有值",
    "not made: {reason:prose}": "未进行：{reason}",
    "1 random rational point, {sizes}: {found:prose}": "1 个随机有理点，{sizes}：{found}",
    "1 random rational point: {found:prose}": "1 个随机有理点：{found}",
    "{points} random rational points, {sizes}: {found:prose}": "{points} 个随机有理点，{sizes}：{found}",
    "{points} random rational points: {found:prose}": "{points} 个随机有理点：{found}",
    "torch is not installed (pip install 'symnet[torch]')": "没有安装 torch（pip install 'symnet[torch]'）",
    "no float64 on device {device}: {reason}": "设备 {device} 不支持 float64：{reason}",
    "autograd was not compared: {reason:prose}": "未与自动微分比较：{reason}",
    "{kink:prose}; warning: a central difference could cross it": "{kink}；警告：中心差分可能会跨过它",
    "nearest |the two largest of {name}| to the {function} corner: {distance}": (
        "{name} 的两个最大项之差离 {function} 的折点最近的距离：{distance}"
    ),
    "the two largest of {name}": "{name} 的两个最大项",
    "nearest |{expression}| to the {function} corner: {distance}": (
        "|{expression}| 离 {function} 的折点最近的距离：{distance}"
    ),
    # Lists, and what matches almost anything
    "{first:prose}; {rest:prose}": "{first}；{rest}",
    "{first:prose}, {rest:prose}": "{first}、{rest}",
    "{parameter}: {reason:prose}": "{parameter}：{reason}",
}
